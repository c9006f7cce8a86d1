"""One rental: locked, moved from status to status, its log written.

Order of locks: the rental, its person's accounts, the power bank, the live row of a station.
"""

import secrets
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.ledger.services import Reference
from powerbank.rentals.models import Rental, RentalEvent
from powerbank.rentals.states import MOVES, Status
from powerbank.stations.models import Station

# No letters or digits that are taken for one another on the telephone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class ForbiddenMoveError(RuntimeError):
    """A programmer's mistake: the table of moves does not know it."""


def new_code() -> str:
    return "R" + "".join(secrets.choice(_ALPHABET) for _ in range(9))


def reference(rental: Rental) -> Reference:
    """What the ledger calls it."""
    return Reference("rental", str(rental.id))


def find(rental_id: UUID) -> Rental:
    found: Rental | None = db.session.get(Rental, rental_id)
    if found is None:
        raise NotFoundError("rental")
    return found


def of_user(rental_id: UUID, user_id: UUID) -> Rental:
    found: Rental | None = db.session.scalar(select(Rental).where(Rental.id == rental_id, Rental.user_id == user_id))
    if found is None:
        raise NotFoundError("rental")
    return found


def locked(rental_id: UUID) -> Rental:
    """The row, for change, before anything else is locked."""
    found = open_session().get(Rental, rental_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFoundError("rental")
    return found


def locked_of_user(rental_id: UUID, user_id: UUID) -> Rental:
    of_user(rental_id, user_id)
    return locked(rental_id)


def move(rental: Rental, to: Status, *, event: str, cause: str, at: datetime, **detail: Any) -> None:
    if to not in MOVES[Status(rental.status)]:
        raise ForbiddenMoveError(f"{rental.status} -> {to}")
    before, rental.status = rental.status, to
    _write(rental, RentalEvent(event=event, cause=cause, at=at, from_status=before, to_status=to, detail=detail))


def note(rental: Rental, event: str, *, cause: str, at: datetime, **detail: Any) -> None:
    """Something happened that changes no status."""
    _write(rental, RentalEvent(event=event, cause=cause, at=at, detail=detail))


def begin(rental: Rental, *, cause: str, at: datetime) -> None:
    _write(rental, RentalEvent(event="initiated", cause=cause, at=at, to_status=rental.status))


def _write(rental: Rental, event: RentalEvent) -> None:
    event.rental_id = rental.id
    rental.version = (rental.version or 0) + 1
    session = open_session()
    session.add(event)
    session.flush()


class About(TypedDict):
    rental_id: UUID
    user_id: UUID


class AboutForStaff(TypedDict):
    rental_id: UUID
    rental_code: str
    station_sn: str


def about(rental: Rental) -> About:
    """What every event of a rental says, for notices, rewards and whoever else subscribes."""
    return {"rental_id": rental.id, "user_id": rental.user_id}


def for_staff(rental: Rental) -> AboutForStaff:
    """What the events of a rental say that staff hear of."""
    sn = open_session().get_one(Station, rental.station_id).sn
    return {"rental_id": rental.id, "rental_code": rental.code, "station_sn": sn}


def time_of(rental: Rental, event: str) -> datetime | None:
    """When this was last noted of it."""
    query = select(RentalEvent.at).where(RentalEvent.rental_id == rental.id, RentalEvent.event == event)
    found: datetime | None = open_session().scalar(query.order_by(RentalEvent.id.desc()).limit(1))
    return found
