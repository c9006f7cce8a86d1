"""Find and list the stations of the registry."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.dialects.postgresql import TSQUERY

from powerbank.api.paging import page
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.live.topics import Follower
from powerbank.stations.models import Slot, Station, StationLive, StationStatus
from powerbank.stations.registry import search_terms


def find_station(sn: str) -> Station:
    """Find a station by its number."""
    found: Station | None = db.session.scalar(select(Station).where(Station.sn == sn))
    if found is None:
        raise NotFoundError("station")
    return found


def find_public_station(sn: str) -> Station:
    """Find a station that is shown to people."""
    found = find_station(sn)
    if not found.active:
        raise NotFoundError("station")
    return found


def lock_station(sn: str) -> Station:
    """Lock a station until the end of the transaction."""
    found = open_session().scalar(
        select(Station).where(Station.sn == sn).with_for_update(of=Station).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFoundError("station")
    return found


def list_stations(
    *, q: str | None, city: str | None, status: str | None, limit: int, cursor: str | None, staff: bool = False
) -> dict[str, Any]:
    """List a page of the stations that match. Inactive ones are listed for staff only."""
    query = select(Station)
    if not staff:
        query = query.where(Station.active)
    if q is not None:
        terms = search_terms.make_query(q)
        if terms is None:
            return {"items": [], "next_cursor": None}
        query = query.where(Station.search_vector.op("@@")(cast(cast(terms, String), TSQUERY)))
    if city is not None:
        query = query.where(func.lower(Station.city) == city.lower())
    if status is not None:
        query = _with_status(query, status)
    return page(query, Station.sn, limit=limit, cursor=cursor)


def _with_status(query: Select[Any], status: str) -> Select[Any]:
    query = query.join(StationLive, StationLive.station_id == Station.id)
    if status == StationStatus.MAINTENANCE:
        return query.where(StationLive.maintenance)
    return query.where(~StationLive.maintenance, StationLive.online == (status == StationStatus.ONLINE))


def list_slots(station_id: UUID) -> Sequence[Slot]:
    """List the slots of a station."""
    return db.session.scalars(select(Slot).where(Slot.station_id == station_id).order_by(Slot.number)).all()


def find_station_topic(follower: Follower, sn: str) -> str | None:
    """Give the topic of a station: a public one to everybody, the others to staff who may read stations."""
    query = select(Station.sn).where(Station.sn == sn)
    if not follower.may("stations.read"):
        query = query.where(Station.active)
    found = db.session.scalar(query)
    return f"station:{found}" if found is not None else None
