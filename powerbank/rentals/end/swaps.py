"""A faulty bank, reported at once and brought back, is replaced free of charge at the same station: the rental is
cancelled in full, and a new one begins on the same terms and with the same coupon."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import db, open_session
from powerbank.base.errors import AppError
from powerbank.outbox.enqueue import publish
from powerbank.promotions import coupons
from powerbank.rentals import transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.disputes.models import SYSTEM, CaseStatus, IssueType, RentalCase
from powerbank.rentals.events import RentalFailed
from powerbank.rentals.models import Rental
from powerbank.rentals.start import initiation
from powerbank.rentals.states import Status

BRING_BACK_WITHIN = timedelta(minutes=15)  # of the report


def wanted(rental: Rental) -> bool:
    """Was a fault of this bank accepted, and is it back at its station in time?"""
    if rental.swap_of is not None or rental.return_station_id != rental.station_id or rental.ended_at is None:
        return False
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


def begin(rental_id: UUID, *, now: datetime) -> None:
    """The money went back to where it came from, so that the same method pays the same again. A station that has no
    other bank ends it here: nothing was charged."""
    old = transitions.locked(rental_id)
    if not _is_open(old):
        return
    try:
        with open_session().begin_nested():
            initiation.replace(old, now=now)
    except AppError as refused:
        _end(old, refused.code, now)


def abandon(rental_id: UUID, *, now: datetime) -> None:
    """Too late for another bank: the person has walked away."""
    old = transitions.locked(rental_id)
    if _is_open(old):
        _end(old, "swap_expired", now)


def _is_open(old: Rental) -> bool:
    return old.status == Status.CANCELLED and of(old.id) is None and transitions.time_of(old, "swap_refused") is None


def _end(old: Rental, reason: str, now: datetime) -> None:
    billing.funds(old)  # the accounts, before the coupon
    coupons.give_back_coupons(old.id, now=now)
    transitions.note(old, "swap_refused", cause="rentals", at=now, code=reason)
    publish(RentalFailed(**transitions.about(old), reason=reason))


def of(rental_id: UUID) -> UUID | None:
    """The rental that took the place of this one."""
    found: UUID | None = db.session.scalar(select(Rental.id).where(Rental.swap_of == rental_id).limit(1))
    return found
