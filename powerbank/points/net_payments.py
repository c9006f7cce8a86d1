"""Net payments: what was paid for something, less what has been refunded. Only that earns points."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from powerbank.base.db import open_session
from powerbank.ledger import services
from powerbank.ledger.accounts import Kind
from powerbank.ledger.services import Reference
from powerbank.ledger.wallet_models import WalletTransaction

STEP = 100_00  # paisa of a top-up that earn together


class NetPayment(NamedTuple):
    """A top-up, or the fare of a rental with its extensions.

    Overdue fees and the price of a lost power bank earn nothing, so a refund of them takes nothing away.
    """

    payer: UUID
    paid: int
    refunded: int
    transaction_id: UUID
    is_topup: bool

    @property
    def is_fully_refunded(self) -> bool:
        return self.refunded >= self.paid

    def undeserved_points(self, points: int, *, user_id: UUID) -> int:
        """Count how many of the points that somebody got for the payment are not earned any more.

        The refund of a part takes its share of what the payer got, rounded in the payer's favour. Whoever brought the
        payer has earned points for the rental as such, and loses them only when all of it is refunded.
        """
        if self.is_fully_refunded:
            return points
        if self.is_topup:
            return points - points * ((self.paid - self.refunded) // STEP) // max(1, self.paid // STEP)
        return points * self.refunded // self.paid if user_id == self.payer else 0


def lock_net_payment(reference: Reference, *, receiver: UUID) -> NetPayment | None:
    """Find what was paid for something, or None if nothing was.

    The accounts of its payer are locked, together with those of the receiver of points for it. So refunds of it wait
    until the transaction is over, or are seen.
    """
    payer = open_session().scalar(select(WalletTransaction.user_id).where(_is_payment_for(reference)).limit(1))
    services.lock_user_accounts(*{receiver, payer or receiver})
    return None if payer is None else find_net_payment(reference)


def find_net_payment(reference: Reference) -> NetPayment | None:
    query = select(WalletTransaction).where(_is_payment_for(reference)).order_by(WalletTransaction.id)
    payments = open_session().scalars(query.execution_options(populate_existing=True)).all()
    if not payments:
        return None
    return NetPayment(
        payer=payments[0].user_id,
        paid=sum(each.amount for each in payments),
        refunded=sum(each.refunded for each in payments),
        transaction_id=payments[0].id,
        is_topup=reference.kind == "transaction",
    )


def _is_payment_for(reference: Reference) -> ColumnElement[bool]:
    if reference.kind == "transaction":
        return WalletTransaction.id == UUID(reference.id)
    return and_(
        WalletTransaction.reference_kind == reference.kind,
        WalletTransaction.reference_id == reference.id,
        WalletTransaction.direction == "out",
        WalletTransaction.revenue == Kind.RENTAL_REVENUE.value,
        WalletTransaction.entry_id.is_not(None),
    )
