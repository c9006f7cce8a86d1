"""Find and list the stations of the registry."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from powerbank.api.paging import page
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.live.topics import Follower
from powerbank.stations.models import Slot, Station
from powerbank.stations.registry.filters import StationFilter


def find_station(sn: str) -> Station:
    """Find a station by its number."""
    found: Station | None = db.session.scalar(select(Station).where(Station.sn == sn))
    if found is None:
        raise NotFoundError("station")
    return found


def find_station_id(sn: str) -> UUID | None:
    """Find the id of a station, or None where there is no such station."""
    found: UUID | None = db.session.scalar(select(Station.id).where(Station.sn == sn))
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


def find_stations(sns: Collection[str]) -> list[Station]:
    """Find the stations with these numbers. One that is not there is left out."""
    return list(open_session().scalars(select(Station).where(Station.sn.in_(sns)).order_by(Station.id)))


def lock_stations(sns: Collection[str]) -> list[Station]:
    """Lock the stations with these numbers until the end of the transaction, in one order."""
    these = select(Station).where(Station.sn.in_(sns)).order_by(Station.id)
    return list(open_session().scalars(these.with_for_update(of=Station).execution_options(populate_existing=True)))


def list_stations(
    *,
    limit: int,
    cursor: str | None,
    q: str | None = None,
    city: str | None = None,
    status: str | None = None,
    protocol: str | None = None,
    lacks: str | None = None,
    partner: str | None = None,
    active: bool | None = True,
) -> dict[str, Any]:
    """List a page of the stations that match, in the order of their numbers. `active` of None: inactive ones too."""
    wanted = StationFilter(
        q=q, city=city, status=status, protocol=protocol, lacks=lacks, partner=partner, active=active
    )
    query = wanted.select_stations().options(undefer(Station.partner_name))
    return page(query, wanted.key, limit=limit, cursor=cursor)


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
