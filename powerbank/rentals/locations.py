"""The places of a rental's phone, which a person sends while the rental is open."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, select

from powerbank.api.paging import page
from powerbank.base.db import db, first_id_of, open_session
from powerbank.base.errors import TooManyError
from powerbank.rentals import errors, queries
from powerbank.rentals.models import Rental, RentalLocation
from powerbank.rentals.states import ENDED, OPEN

MOST_PER_MINUTE = 12
MINUTE = timedelta(minutes=1)
KEEP_LOCATIONS = timedelta(days=30)  # after the end of the rental


def note_location(
    rental_id: UUID, *, user_id: UUID, lat: float, lng: float, accuracy: float | None, now: datetime
) -> None:
    """Write where a rented power bank is. A person may send a place only so often a minute."""
    rental = queries.lock_rental_of_user(rental_id, user_id)
    if rental.status not in OPEN:
        raise errors.rental_over(rental.status)
    session = open_session()
    recent = select(func.count()).where(RentalLocation.rental_id == rental.id, RentalLocation.at > now - MINUTE)
    if (session.scalar(recent) or 0) >= MOST_PER_MINUTE:
        raise TooManyError(int(MINUTE.total_seconds()))
    session.add(RentalLocation(rental_id=rental.id, at=now, lat=lat, lng=lng, accuracy=accuracy))


def location_page(rental: Rental, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return one page of the places of a rental, newest first."""
    query = select(RentalLocation).where(RentalLocation.rental_id == rental.id)
    return page(query, RentalLocation.at, RentalLocation.id, descending=True, limit=limit, cursor=cursor)


def location_extent(rental: Rental) -> dict[str, Any]:
    """Return how many places of a rental are known and of which time, without the places."""
    query = select(
        func.count().label("points"),
        func.min(RentalLocation.at).label("since"),
        func.max(RentalLocation.at).label("until"),
    ).where(RentalLocation.rental_id == rental.id)
    return dict(db.session.execute(query).one()._mapping)


def delete_old_locations(now: datetime) -> None:
    """Delete the places of rentals that ended a month ago.

    Only old places can belong to a rental that ended so long ago. They are few: the others went the day before.
    """
    before = now - KEEP_LOCATIONS
    ended = exists().where(Rental.id == RentalLocation.rental_id, Rental.status.in_(ENDED), Rental.ended_at < before)
    open_session().execute(delete(RentalLocation).where(RentalLocation.id < first_id_of(before), ended))
