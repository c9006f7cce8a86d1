"""What notices say of rentals beyond what their events carry."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from powerbank.base.clock import format_time
from powerbank.base.db import open_session
from powerbank.outbox.enqueue import Scalar
from powerbank.rentals.models import Rental
from powerbank.rentals.states import Status
from powerbank.stations.models import Station

# The names of what is found.
NAMES = ("station", "slot_number", "rate", "package", "due_at", "minutes")


def about(user_id: UUID, event: Mapping[str, Scalar]) -> Mapping[str, Scalar] | None:
    session = open_session()
    rental = session.get(Rental, UUID(str(event["rental_id"])))
    if rental is None:
        return None
    more: dict[str, Scalar] = {
        "station": session.scalars(select(Station.name).where(Station.id == rental.station_id)).one(),
        "slot_number": rental.slot_number,
        "rate": rental.overdue_rate,
        "package": rental.package_name,
    }
    if rental.due_at is not None and "due_at" not in event:
        more["due_at"] = format_time(rental.due_at)
    if rental.started_at is not None and rental.ended_at is not None:
        more["minutes"] = -(-int((rental.ended_at - rental.started_at).total_seconds()) // 60)
    return more


def if_still_out(user_id: UUID, event: Mapping[str, Scalar]) -> Mapping[str, Scalar] | None:
    """Brought back while the news was on its way: there is nothing to hurry for."""
    rental = open_session().get(Rental, UUID(str(event["rental_id"])))
    return None if rental is None or rental.status != Status.OVERDUE else about(user_id, event)
