"""What of a payment has not been given back: only that earns."""

from uuid import UUID

from sqlalchemy import func, select

from powerbank.db import open_session
from powerbank.ledger.services import Reference
from powerbank.ledger.wallet_models import WalletTransaction as Paid


def of_topup(transaction_id: UUID, *, at_most: int) -> int:
    topup = open_session().get(Paid, transaction_id, populate_existing=True)
    return at_most if topup is None else min(at_most, topup.amount - topup.refunded)


def is_given_back(reference: Reference) -> bool:
    """Whether something was paid for this, and all of it went back."""
    kept = func.sum(Paid.wallet - Paid.refunded_wallet + Paid.points_value - Paid.refunded_value)
    found = open_session().scalar(
        select(kept).where(
            Paid.reference_kind == reference.kind,
            Paid.reference_id == reference.id,
            Paid.direction == "out",
            Paid.entry_id.is_not(None),
        )
    )
    return found is not None and found == 0
