"""The notices about rentals: the reminder before the due time, and the details that texts need beyond events."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select

from powerbank.base.clock import format_time
from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import Scalar, enqueue, publish
from powerbank.rentals import queries, transitions
from powerbank.rentals.events import RentalEndingSoon
from powerbank.rentals.models import Rental
from powerbank.rentals.states import Status
from powerbank.stations.models import Station

# People whose rental is no longer than this get no reminder of its end.
SHORT_RENTAL = timedelta(minutes=15)

_DETAILS = (
    select(
        Station.name.label("station"),
        Rental.slot_number,
        Rental.overdue_rate,
        Rental.package_name,
        Rental.due_at,
        Rental.started_at,
        Rental.ended_at,
    )
    .join(Station, Station.id == Rental.station_id)
    .where(Rental.id == bindparam("rental_id"))
)

# The names of the values that `notice_details` finds.
DETAIL_NAMES = ("station", "slot_number", "rate", "package", "due_at", "minutes")


def notice_details(user_id: UUID, event: Mapping[str, Scalar]) -> Mapping[str, Scalar] | None:
    """Return what a notice says about a rental beyond the fields of its event."""
    rental = open_session().execute(_DETAILS, {"rental_id": UUID(str(event["rental_id"]))}).one_or_none()
    if rental is None:
        return None
    details: dict[str, Scalar] = {
        "station": rental.station,
        "slot_number": rental.slot_number,
        "rate": rental.overdue_rate,
        "package": rental.package_name,
    }
    if rental.due_at is not None and "due_at" not in event:
        details["due_at"] = format_time(rental.due_at)
    if rental.started_at is not None and rental.ended_at is not None:
        details["minutes"] = -(-int((rental.ended_at - rental.started_at).total_seconds()) // 60)
    return details


def details_if_still_out(user_id: UUID, event: Mapping[str, Scalar]) -> Mapping[str, Scalar] | None:
    """Return the details of an overdue rental, or None where the power bank came back before the person was told."""
    status = open_session().scalar(select(Rental.status).where(Rental.id == UUID(str(event["rental_id"]))))
    return notice_details(user_id, event) if status == Status.OVERDUE else None


def plan_reminder(rental: Rental, *, since: datetime, now: datetime) -> None:
    """Enqueue the reminder of the due time, unless too little time is left between `since` and the due time.

    The due time is an argument of the job: after an extension the older job finds another due time and says nothing.
    """
    if rental.due_at is None or rental.due_at <= now:
        return
    before = timedelta(minutes=app_config.current().reminder_minutes)
    if rental.due_at - since <= max(SHORT_RENTAL, before):
        return
    _enqueue_reminder(rental, at=rental.due_at - before, due_at=rental.due_at)


def send_reminder(rental_id: UUID, *, due_at: datetime, now: datetime) -> None:
    """Publish that the rental ends soon, unless the power bank is back or the due time has changed since.

    While the meter stands still nobody is reminded. The reminder comes when it goes on, if that is before the due time.
    """
    rental = open_session().get(Rental, rental_id)
    if rental is None or rental.status != Status.ACTIVE or rental.due_at != due_at or queries.is_bank_back(rental):
        return
    if rental.paused_until is not None and now < rental.paused_until:
        if rental.paused_until < due_at:
            _enqueue_reminder(rental, at=rental.paused_until, due_at=due_at)
        return
    publish(RentalEndingSoon(**transitions.event_fields(rental), due_at=due_at))


def _enqueue_reminder(rental: Rental, *, at: datetime, due_at: datetime) -> None:
    enqueue(
        rental_jobs.SEND_RENTAL_REMINDER,
        at=at,
        expires_at=due_at,
        rental_id=str(rental.id),
        due_at=due_at.isoformat(),
    )
