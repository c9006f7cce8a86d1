"""The events of reservations. `powerbank.subscriptions` says what follows from each of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class OfReservation(Event):
    """The fields of every event of a reservation. `station` is the name of its station."""

    reservation_id: UUID
    user_id: UUID
    station: str


@dataclass(frozen=True, kw_only=True)
class ReservationExpired(OfReservation):
    """The person has not come in time. `amount` is what it cost, `has_fee` whether that is more than nothing."""

    amount: int
    has_fee: bool


@dataclass(frozen=True, kw_only=True)
class ReservationShortened(OfReservation):
    """The power bank has become the last one of its station, which nobody keeps for long."""

    kept_until: datetime


@dataclass(frozen=True, kw_only=True)
class ReservationLost(OfReservation):
    """The station cannot give the power bank, and the person pays nothing."""
