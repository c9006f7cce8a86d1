"""Move money, each movement in a transaction of its own."""

from uuid import UUID

from powerbank.base.db import transaction
from powerbank.ledger.movements import holds, refunds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import WalletTransaction
from tests.ledger.conftest import (
    key,
)


def place(user_id: UUID, reference: Reference, amount: int, points: int = 0, name: str | None = None) -> holds.Holds:
    with transaction():
        return holds.place_hold(
            user_id=user_id, reference=reference, amount=amount, points=points, key=name or key(), actor="system"
        )


def capture(reference: Reference, sources: Sources, name: str | None = None) -> WalletTransaction:
    with transaction():
        return holds.capture_hold(reference=reference, sources=sources, key=name or key(), actor="system")


def release(reference: Reference, name: str | None = None) -> holds.Holds:
    with transaction():
        return holds.release_hold(reference=reference, key=name or key(), actor="system")


def spend(user_id: UUID, sources: Sources, name: str | None = None) -> WalletTransaction:
    with transaction():
        return holds.spend_without_hold(
            user_id=user_id, reference=Reference("rental", "1"), sources=sources, key=name or key(), actor="system"
        )


def refund(paid: WalletTransaction, amount: int | None = None, name: str | None = None) -> WalletTransaction:
    with transaction():
        return refunds.refund_payment(transaction_id=paid.id, amount=amount, key=name or key(), actor="system")
