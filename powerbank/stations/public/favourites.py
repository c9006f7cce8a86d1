"""The stations that a user has marked as favourites."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.api.paging import page
from powerbank.base.db import db, open_session
from powerbank.stations.models import Favourite, Station
from powerbank.stations.registry import queries


def list_favourites(user_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """List a page of a user's favourite stations."""
    query = select(Station).join(Favourite, Favourite.station_id == Station.id)
    return page(query.where(Favourite.user_id == user_id, Station.active), Station.sn, limit=limit, cursor=cursor)


def find_favourites_among(user_id: UUID | None, stations: Sequence[Station]) -> set[UUID]:
    """Find which of these stations are favourites of the user."""
    if user_id is None or not stations:
        return set()
    ids = [each.id for each in stations]
    query = select(Favourite.station_id).where(Favourite.user_id == user_id, Favourite.station_id.in_(ids))
    return set(db.session.scalars(query))


def add_favourite(user_id: UUID, sn: str) -> None:
    """Make a station a favourite of the user."""
    station_id = queries.find_public_station(sn).id
    open_session().execute(insert(Favourite).values(user_id=user_id, station_id=station_id).on_conflict_do_nothing())


def remove_favourite(user_id: UUID, sn: str) -> None:
    """Make a station no longer a favourite of the user."""
    station_id = queries.find_public_station(sn).id
    open_session().execute(delete(Favourite).where(Favourite.user_id == user_id, Favourite.station_id == station_id))
