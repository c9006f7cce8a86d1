"""What of a payment has not been given back: only that earns."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from powerbank.base.db import open_session
from powerbank.ledger import services
from powerbank.ledger.accounts import Kind
from powerbank.ledger.services import Reference
from powerbank.ledger.wallet_models import WalletTransaction as Paid

STEP = 100_00  # paisa of a top-up that earn together


class NetPayment(NamedTuple):
    """A top-up, or the fare of a rental with its extensions: overdue fees and a lost bank's price earn nothing, so
    giving them back takes nothing away."""

    payer: UUID
    paid: int
    back: int
    transaction_id: UUID
    stepped: bool

    @property
    def nothing(self) -> bool:
        return self.back >= self.paid

    def undeserved(self, points: int, *, by: UUID) -> int:
        """How many of the points that somebody got for it are not earned any more. A part that was given back takes
        its share of what the payer got, rounded in the payer's favour. Whoever brought the payer has earned for the
        rental as such, and loses that only with the whole of it."""
        if self.nothing:
            return points
        if self.stepped:
            return points - points * ((self.paid - self.back) // STEP) // max(1, self.paid // STEP)
        return points * self.back // self.paid if by == self.payer else 0


def lock_net_payment(reference: Reference, *, besides: UUID) -> NetPayment | None:
    """None if nothing was paid for it. Refunds of it wait until the transaction is over, or were seen: the accounts
    of its payer are locked, with those of whoever is to get points for it."""
    payer = open_session().scalar(select(Paid.user_id).where(_of(reference)).limit(1))
    services.lock_user_accounts(*{besides, payer or besides})
    return None if payer is None else find_net_payment(reference)


def find_net_payment(reference: Reference) -> NetPayment | None:
    query = select(Paid).where(_of(reference)).order_by(Paid.id).execution_options(populate_existing=True)
    payments = open_session().scalars(query).all()
    if not payments:
        return None
    paid, back = sum(each.amount for each in payments), sum(each.refunded for each in payments)
    return NetPayment(payments[0].user_id, paid, back, payments[0].id, stepped=reference.kind == "transaction")


def _of(reference: Reference) -> ColumnElement[bool]:
    if reference.kind == "transaction":
        return Paid.id == UUID(reference.id)
    return and_(
        Paid.reference_kind == reference.kind,
        Paid.reference_id == reference.id,
        Paid.direction == "out",
        Paid.revenue == Kind.RENTAL_REVENUE.value,
        Paid.entry_id.is_not(None),
    )
