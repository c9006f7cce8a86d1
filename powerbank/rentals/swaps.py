"""A faulty bank, reported at once and brought back, is replaced free of charge at the same station: the rental is
cancelled in full and a new one of the same package begins."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.db import db, open_session
from powerbank.errors import AppError
from powerbank.payments.options import Method
from powerbank.queue import publish
from powerbank.rentals import initiation, life
from powerbank.rentals.case_models import SYSTEM, CaseStatus, IssueType, RentalCase
from powerbank.rentals.models import Rental
from powerbank.rentals.states import Status
from powerbank.stations.models import Station

BRING_BACK_WITHIN = timedelta(minutes=15)  # of the report


def wanted(rental: Rental) -> bool:
    """Was a fault of this bank accepted, and is it back at its station in time?"""
    if rental.swap_of is not None or rental.return_station_id != rental.station_id or rental.ended_at is None:
        return False
    reported = open_session().scalar(
        select(RentalCase.reported_at).where(
            RentalCase.rental_id == rental.id, RentalCase.status == CaseStatus.UPHELD,
            RentalCase.issue_type.in_([IssueType.NOT_CHARGING, IssueType.DAMAGED]), RentalCase.decided_by == SYSTEM,
        ).limit(1)
    )  # fmt: skip
    return reported is not None and rental.ended_at <= reported + BRING_BACK_WITHIN


def begin(rental_id: UUID, *, now: datetime) -> None:
    """The money went back to where it came from, so that the same method pays again. A station that has no other bank
    ends it here: nothing was charged."""
    session = open_session()
    old = session.get_one(Rental, rental_id)
    if old.status != Status.CANCELLED or session.scalar(select(Rental.id).where(Rental.swap_of == old.id)) is not None:
        return
    sn = session.get_one(Station, old.station_id).sn
    try:
        with session.begin_nested():
            initiation.initiate(
                user_id=old.user_id, station_sn=sn, package_id=old.package_id, method=Method(old.payment_method),
                now=now, swap_of=old.id,
            )  # fmt: skip
    except AppError as refused:
        life.note(old, "swap_refused", cause="rentals", at=now, code=refused.code)
        publish("rental_failed", **life.about(old), reason=refused.code)


def of(rental_id: UUID) -> UUID | None:
    """The rental that took the place of this one."""
    found: UUID | None = db.session.scalar(select(Rental.id).where(Rental.swap_of == rental_id).limit(1))
    return found
