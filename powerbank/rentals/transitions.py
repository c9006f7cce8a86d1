"""A rental moves from status to status, and every move and event is written to its log.

Locks are taken in this order everywhere: the rental, its person's accounts, the power bank, the live row of a station.
"""

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from powerbank.base.db import open_session
from powerbank.live import changes
from powerbank.rentals.models import Rental, RentalEvent
from powerbank.rentals.states import MOVES, Status
from powerbank.stations.models import Station


class ForbiddenMoveError(RuntimeError):
    """The code asked for a move that `states.MOVES` does not have. This is a programmer's mistake."""


def move_rental(rental: Rental, to: Status, *, event: str, cause: str, at: datetime, **detail: Any) -> None:
    """Change the status of a rental and write the move to its log."""
    if to not in MOVES[Status(rental.status)]:
        raise ForbiddenMoveError(f"{rental.status} -> {to}")
    before, rental.status = rental.status, to
    _append(rental, RentalEvent(event=event, cause=cause, at=at, from_status=before, to_status=to, detail=detail))


def note_event(rental: Rental, event: str, *, cause: str, at: datetime, **detail: Any) -> None:
    """Write an event to the log of a rental that changes no status."""
    _append(rental, RentalEvent(event=event, cause=cause, at=at, detail=detail))


def note_initiation(rental: Rental, *, cause: str, at: datetime) -> None:
    """Write the first event of a new rental to its log."""
    _append(rental, RentalEvent(event="initiated", cause=cause, at=at, to_status=rental.status))


def _append(rental: Rental, event: RentalEvent) -> None:
    """Add an event to the log and raise the version of the rental, which clients wait for."""
    event.rental_id = rental.id
    rental.version = (rental.version or 0) + 1
    session = open_session()
    session.add(event)
    session.flush()
    rental_id = str(rental.id)
    changes.announce(f"rental:{rental_id}", "rentals", kind="rental", id=rental_id, version=rental.version)
    changes.announce(changes.topic_of_user(rental.user_id), kind="rental", id=rental_id, version=rental.version)


class EventFields(TypedDict):
    """The fields of `events.OfRental`."""

    rental_id: UUID
    user_id: UUID


class StaffEventFields(TypedDict):
    """The fields of `events.OfRentalForStaff`."""

    rental_id: UUID
    rental_code: str
    station_sn: str


def event_fields(rental: Rental) -> EventFields:
    """Return the fields that every event for the person of a rental has."""
    return {"rental_id": rental.id, "user_id": rental.user_id}


def staff_event_fields(rental: Rental) -> StaffEventFields:
    """Return the fields that every event about a rental for staff has."""
    sn = open_session().get_one(Station, rental.station_id).sn
    return {"rental_id": rental.id, "rental_code": rental.code, "station_sn": sn}
