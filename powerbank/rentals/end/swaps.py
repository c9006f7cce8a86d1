"""Swaps: a faulty power bank that is reported at once and brought back is replaced free of charge at the same station.

The rental is cancelled in full, and a new one begins on the same terms and with the same coupon.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import db, open_session
from powerbank.base.errors import AppError, ConflictError
from powerbank.outbox.enqueue import publish
from powerbank.promotions import coupons
from powerbank.rentals import queries, transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.disputes.models import SYSTEM, CaseStatus, IssueType, RentalCase
from powerbank.rentals.events import RentalFailed
from powerbank.rentals.models import Rental
from powerbank.rentals.start import initiation
from powerbank.rentals.states import Status
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import PowerBank

BRING_BACK_WITHIN = timedelta(minutes=15)  # after the issue was reported
BRING_BACK_WITHIN_OF_STAFF = timedelta(minutes=30)  # after staff allowed it, since the person may have to walk back
GRANTED = "swap_granted"


def grant_swap(rental: Rental, *, by: str, reason: str, now: datetime) -> None:
    """Allow a swap as staff decided: if the power bank is back at its station in time, another one comes out.

    A power bank that is to be swapped is not handed out to the next person.
    """
    if rental.status != Status.ACTIVE or rental.swap_of is not None or queries.is_bank_back(rental):
        raise ConflictError("not_swappable", "Only a power bank that is out can be swapped, and each rental once.")
    transitions.note_event(rental, GRANTED, cause=by, at=now)
    bank = open_session().get_one(PowerBank, rental.bank_id)
    banks.quarantine_bank(bank.serial, reason=f"swapped: {reason}", now=now)


def is_swap_due(rental: Rental) -> bool:
    """Tell whether a fault was upheld at once or staff allowed a swap, and it came back to its station in time."""
    if rental.swap_of is not None or rental.return_station_id != rental.station_id or rental.ended_at is None:
        return False
    granted = queries.time_of_event(rental, GRANTED)
    if granted is not None and rental.ended_at <= granted + BRING_BACK_WITHIN_OF_STAFF:
        return True
    reported = open_session().scalar(
        select(RentalCase.reported_at)
        .where(
            RentalCase.rental_id == rental.id,
            RentalCase.status == CaseStatus.UPHELD,
            RentalCase.issue_type.in_([IssueType.NOT_CHARGING, IssueType.DAMAGED]),
            RentalCase.decided_by == SYSTEM,
        )
        .limit(1)
    )
    return reported is not None and rental.ended_at <= reported + BRING_BACK_WITHIN


def begin_swap(rental_id: UUID, *, now: datetime) -> None:
    """Begin the rental that takes the place of a cancelled one.

    The money of the old rental is back where it came from, so the same method pays again. If the station refuses, for
    example because it has no other power bank, the swap ends and nothing was charged.
    """
    old = queries.lock_rental(rental_id)
    if not _is_swap_open(old):
        return
    try:
        with open_session().begin_nested():
            initiation.replace_rental(old, now=now)
    except AppError as refused:
        _refuse_swap(old, refused.code, now)


def abandon_swap(rental_id: UUID, *, now: datetime) -> None:
    """End a swap whose job came too late: the person has walked away."""
    old = queries.lock_rental(rental_id)
    if _is_swap_open(old):
        _refuse_swap(old, "swap_expired", now)


def _is_swap_open(old: Rental) -> bool:
    """Tell whether a cancelled rental still waits for its replacement."""
    return (
        old.status == Status.CANCELLED
        and find_replacement(old.id) is None
        and queries.time_of_event(old, "swap_refused") is None
    )


def _refuse_swap(old: Rental, reason: str, now: datetime) -> None:
    """Give the coupon back and publish that the replacement failed."""
    billing.lock_funds(old.user_id)  # the accounts come before the coupon in the order of locks
    coupons.give_back_coupons(old.id, now=now)
    transitions.note_event(old, "swap_refused", cause="rentals", at=now, code=reason)
    publish(RentalFailed(**transitions.event_fields(old), reason=reason))


def find_replacement(rental_id: UUID) -> UUID | None:
    """Return the id of the rental that took the place of this one."""
    found: UUID | None = db.session.scalar(select(Rental.id).where(Rental.swap_of == rental_id).limit(1))
    return found
