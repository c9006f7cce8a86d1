"""Which stations staff mean: by words, town, status, protocol, and by what a station lacks."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, false, func, select
from sqlalchemy.dialects.postgresql import TSQUERY

from powerbank.base.db import db
from powerbank.stations.models import PARTNERS, Station, StationLive, StationStatus
from powerbank.stations.registry import search_terms


class Lack(StrEnum):
    BANKS = "banks"  # nothing can be rented
    SLOTS = "slots"  # nothing can be returned


@dataclass(frozen=True, kw_only=True)
class StationFilter:
    q: str | None = None
    city: str | None = None
    status: str | None = None
    protocol: str | None = None
    lacks: str | None = None
    partner: str | None = None
    active: bool | None = None  # None: inactive ones too

    def select_stations(self) -> Select[Any]:
        query = select(Station)
        if self.active is not None:
            query = query.where(Station.active == self.active)
        if self.q is not None:
            terms = search_terms.make_query(self.q)
            matches = Station.search_vector.op("@@")(cast(cast(terms, String), TSQUERY))
            query = query.where(false() if terms is None else matches)
        if self.city is not None:
            query = query.where(func.lower(Station.city) == self.city.lower())
        if self.protocol is not None:
            query = query.where(Station.protocol == self.protocol)
        if self.partner is not None:
            named = func.lower(PARTNERS.c.name).startswith(self.partner.lower(), autoescape=True)
            query = query.where(Station.partner_id.in_(select(PARTNERS.c.id).where(named)))
        on_live_rows = self.of_live_rows()
        if on_live_rows:
            query = query.join(StationLive, StationLive.station_id == Station.id).where(*on_live_rows)
        return query

    def of_live_rows(self) -> list[ColumnElement[bool]]:
        """Make the conditions on the live rows."""
        found: list[ColumnElement[bool]] = []
        if self.status == StationStatus.MAINTENANCE:
            found.append(StationLive.maintenance.is_(True))
        elif self.status is not None:
            found += [~StationLive.maintenance, StationLive.online == (self.status == StationStatus.ONLINE)]
        if self.lacks is not None:
            found.append((StationLive.available_banks if self.lacks == Lack.BANKS else StationLive.free_slots) == 0)
        return found

    @property
    def key(self) -> Any:
        """Give the column by which a list is read: the indexes of stations by their status are on the live rows."""
        return Station.sn if self.status is None and self.lacks is None else StationLive.sn


def count_stations(stations: StationFilter) -> int:
    """Count the stations that match: in the live rows alone where they suffice, since a join of all takes longer."""
    if {stations.q, stations.city, stations.protocol, stations.partner} == {None}:
        meant = select(StationLive.station_id).where(*stations.of_live_rows())
        if stations.active is not None:
            meant = meant.where(StationLive.active == stations.active)
    else:
        meant = stations.select_stations().with_only_columns(Station.id)
    return db.session.scalar(select(func.count()).select_from(meant.subquery())) or 0
