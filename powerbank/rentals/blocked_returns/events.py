"""The events of blocked returns. `powerbank.subscriptions` says what follows from each of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from powerbank.rentals.events import OfRental


@dataclass(frozen=True, kw_only=True)
class ReturnBlocked(OfRental):
    """A station did not take a power bank back. `go_to` names the station where a slot is kept, if there is one."""

    block_id: UUID
    station_sn: str
    reason: str
    granted: bool
    paused_until: datetime | None
    go_to: str
    slot_number: int
    has_slot: bool


@dataclass(frozen=True, kw_only=True)
class ReturnSlotMoved(OfRental):
    """Somebody else has used the slot that was kept. Another one is kept, or the person goes where they like."""

    block_id: UUID
    paused_until: datetime
    go_to: str
    slot_number: int
    has_slot: bool


@dataclass(frozen=True, kw_only=True)
class ReturnPauseOver(OfRental):
    """Nothing came back in time, and the meter goes on as if it had not stopped."""

    block_id: UUID
