"""What happens to rentals, told to all who follow it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class OfRental(Event):
    """The fields of an event that the person of a rental hears of, from `life.about`."""

    rental_id: UUID
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class RentalStarted(OfRental):
    pass


@dataclass(frozen=True, kw_only=True)
class RentalPaid(OfRental):
    """`version` tells the payments of one rental apart."""

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
    """Everything is paid, or owed; `amount` is both together."""

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
    """Staff have decided a case."""

    rental_code: str
    case_id: UUID
    upheld: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class OfRentalForStaff(Event):
    """The fields of an event that staff hear of, from `life.for_staff`."""

    rental_id: UUID
    rental_code: str
    station_sn: str


@dataclass(frozen=True, kw_only=True)
class RentalCameLate(OfRentalForStaff):
    """A bank came out although its rental had ended."""


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
