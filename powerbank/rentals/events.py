"""The events of rentals. `powerbank.subscriptions` says what follows from each of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class OfRental(Event):
    """The fields of every event that concerns the person of a rental: `transitions.event_fields` fills them in."""

    rental_id: UUID
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class RentalStarted(OfRental):
    pass


@dataclass(frozen=True, kw_only=True)
class RentalPaid(OfRental):
    """The person has paid for a rental. `version` tells the payments of one rental apart."""

    amount: int
    package: str
    version: str


@dataclass(frozen=True, kw_only=True)
class RentalFailed(OfRental):
    reason: str


@dataclass(frozen=True, kw_only=True)
class RentalCancelled(OfRental):
    reason: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class RentalExtended(OfRental):
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class RentalEndingSoon(OfRental):
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class RentalOverdue(OfRental):
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class RentalCompleted(OfRental):
    on_time: bool
    late: bool


@dataclass(frozen=True, kw_only=True)
class RentalSettled(OfRental):
    """All fees of a rental are paid or owed. `amount` is both together."""

    amount: int


@dataclass(frozen=True, kw_only=True)
class RentalLost(OfRental):
    amount: int


@dataclass(frozen=True, kw_only=True)
class RentalRefunded(OfRental):
    amount: int


@dataclass(frozen=True, kw_only=True)
class DueCreated(OfRental):
    amount: int


@dataclass(frozen=True, kw_only=True)
class CaseDecided(OfRental):
    """Staff have upheld or dismissed a case."""

    rental_code: str
    case_id: UUID
    upheld: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class OfRentalForStaff(Event):
    """The fields of every event about a rental for staff: `transitions.staff_event_fields` fills them in."""

    rental_id: UUID
    rental_code: str
    station_sn: str


@dataclass(frozen=True, kw_only=True)
class RentalCameLate(OfRentalForStaff):
    """A power bank came out after its rental had ended."""


@dataclass(frozen=True, kw_only=True)
class RentalDisputed(OfRentalForStaff):
    case_id: UUID
    issue_type: str


@dataclass(frozen=True, kw_only=True)
class PaidNotEjected(OfRentalForStaff):
    pass


@dataclass(frozen=True, kw_only=True)
class UnmatchedReturn(Event):
    powerbank_sn: str
    station_sn: str
    slot_number: int


@dataclass(frozen=True, kw_only=True)
class AnomalyFound(Event):
    key: str
    detail: str
