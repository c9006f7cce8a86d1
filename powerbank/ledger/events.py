"""The events of the ledger."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class AdjustmentEvent(Event):
    """The fields that all events of an adjustment have. Paisa are an `amount` and points are `points`."""

    user_id: UUID
    adjustment_id: UUID
    currency: str
    reason: str
    amount: int | None
    points: int | None


@dataclass(frozen=True, kw_only=True)
class AdjustmentWaits(AdjustmentEvent):
    """A second person has to decide on an adjustment."""


@dataclass(frozen=True, kw_only=True)
class AdjustmentApplied(AdjustmentEvent):
    added: bool


@dataclass(frozen=True, kw_only=True)
class LedgerMismatch(Event):
    reconciliation_id: UUID
    check: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class ActWaits(Event):
    """A second person has to decide on what one member of staff may not do alone: a charge, a refund, a waiver."""

    act_id: UUID
    amount: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class DueWaived(Event):
    user_id: UUID
    due_id: UUID
    amount: int
