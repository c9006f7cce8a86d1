"""The queries of reservations: one row, found or locked, and the list of a person."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.api.paging import page
from powerbank.base.clock import HOME, local_day
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.rentals.reservations import errors
from powerbank.rentals.reservations.fees import fee_shown
from powerbank.rentals.reservations.models import Reservation, ReservationStatus
from powerbank.stations.models import Station

UNUSED = (ReservationStatus.EXPIRED, ReservationStatus.CANCELLED)


def reservation_of_user(reservation_id: UUID, user_id: UUID) -> Reservation:
    """Return the reservation if it belongs to this person, or refuse with 404."""
    found: Reservation | None = db.session.scalar(
        select(Reservation).where(Reservation.id == reservation_id, Reservation.user_id == user_id)
    )
    if found is None:
        raise NotFoundError("reservation")
    return found


def lock_reservation(reservation_id: UUID) -> Reservation:
    """Lock a reservation and return it as it is now. The accounts of its person are locked before it."""
    return open_session().get_one(Reservation, reservation_id, with_for_update=True, populate_existing=True)


def find_person(reservation_id: UUID) -> UUID | None:
    """Return whose reservation it is, for who has to lock the person's accounts first."""
    return open_session().scalar(select(Reservation.user_id).where(Reservation.id == reservation_id))


def reservation_page(user_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return one page of a person's reservations, newest first."""
    query = select(Reservation).where(Reservation.user_id == user_id)
    return page(query, Reservation.id, limit=limit, cursor=cursor, descending=True)


def stations_of(reservations: list[Reservation]) -> dict[UUID, Station]:
    """Return the stations of these reservations by their id."""
    wanted = {each.station_id for each in reservations}
    return {each.id: each for each in db.session.scalars(select(Station).where(Station.id.in_(wanted)))}


def count_unused_today(user_id: UUID, *, now: datetime) -> int:
    """Count the reservations of this local day that their person let pass. One that the station lost does not count."""
    query = select(func.count()).where(
        Reservation.user_id == user_id,
        Reservation.created_at >= _begin_of_day(now),
        Reservation.status.in_(UNUSED),
    )
    return open_session().scalar(query) or 0


def seconds_until_tomorrow(now: datetime) -> int:
    """Return the seconds until the next local day begins."""
    return max(1, int((_begin_of_day(now + timedelta(days=1)) - now).total_seconds()))


def find_held_fee(user_id: UUID) -> int:
    """Return what is held for the reservation of a person. The start of a rental frees it or credits it."""
    query = select(Reservation).where(Reservation.user_id == user_id, Reservation.status == ReservationStatus.ACTIVE)
    return sum(fee_shown(each) for each in db.session.scalars(query))


def refuse_user_with_reservation(user_id: UUID) -> None:
    """Refuse to delete the account of a person for whom a power bank is kept."""
    query = select(Reservation.id).where(Reservation.user_id == user_id, Reservation.status == ReservationStatus.ACTIVE)
    if db.session.scalar(query) is not None:
        raise errors.reservation_exists()


def _begin_of_day(moment: datetime) -> datetime:
    return datetime.combine(local_day(moment), time(), tzinfo=HOME).astimezone(UTC)
