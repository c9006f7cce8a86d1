"""What stations lost, hour by hour, and where a task would pay most now.

What was lost is estimated, and never below what was seen: people who were refused there are known, those who looked at
the app and went elsewhere are not. So an hour in which a station was empty lost what it is expected to rent in that
part of the hour, or what was refused, whichever is more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Date, cast, delete, func, literal, select, text

from powerbank.analytics.buckets.days import DAY
from powerbank.analytics.figures.losses import LOSSES
from powerbank.analytics.models import ALL
from powerbank.analytics.outlook.demand import find_holidays, hour_of_week
from powerbank.analytics.outlook.models import StationLoss
from powerbank.analytics.queries import Scope, stations_of
from powerbank.analytics.screens.spans import Asked, Group, Span
from powerbank.base.clock import HOME, local_day
from powerbank.base.db import db, open_session
from powerbank.stations.models import Station

MOST = 20
PLACES = 10
CELLS_ACROSS = 24  # of a part of the map
MOST_CELLS = 400
SMALLEST_BOX = 0.01  # of a degree: a kilometre


KINDS = tuple(each.name for each in LOSSES[1:])
_KEY = f"""((coalesce(holiday.like_weekday, extract(isodow FROM timezone('{HOME.key}', each.at))::int) - 1) * 24
            + extract(hour FROM timezone('{HOME.key}', each.at))::int + 1)"""
_MAKE = text(f"""
    INSERT INTO station_losses (station_id, at, lost_empty, lost_full, lost_offline, lost_failed)
    SELECT * FROM (
        SELECT each.station_id, each.at,
               greatest(demand.rentals[{_KEY}] * least(3600, each.empty_seconds) / 3600.0,
                        each.refused_empty)::numeric * demand.fare AS empty,
               demand.returns[{_KEY}]::numeric * least(3600, each.full_seconds) / 3600 * demand.fare / 2 AS full_,
               greatest(demand.rentals[{_KEY}] * least(3600, each.offline_seconds + each.maintenance_seconds) / 3600.0,
                        each.refused_offline)::numeric * demand.fare AS offline,
               greatest(each.rentals_failed, 0)::numeric * demand.fare AS failed
          FROM figure_hours AS each JOIN station_demand AS demand ON demand.station_id = each.station_id
          LEFT JOIN public_holidays AS holiday ON holiday.day = CAST(timezone('{HOME.key}', each.at) AS date)
         WHERE each.at >= :since AND each.at < :until AND each.package_id = :all
           AND each.empty_seconds + each.full_seconds + each.offline_seconds + each.maintenance_seconds
               + each.refused_empty + each.refused_offline + abs(each.rentals_failed) > 0) AS lost
     WHERE round(empty) + round(full_) + round(offline) + round(failed) > 0
""")  # noqa: S608  # nosec B608 (constants)
# Half an hour of trouble is a matter of the next hours: what is expected in the coming three, an hour.
_PLACES = text("""
    SELECT live.sn, live.name, station.city, live.lat, live.lng,
           CASE WHEN NOT live.online THEN 'offline' WHEN live.available_banks = 0 THEN 'empty' ELSE 'full' END AS kind,
           CAST(demand.fare * CASE WHEN live.online AND live.available_banks > 0
                THEN (demand.returns[:first] + demand.returns[:second] + demand.returns[:third]) / 6
                ELSE (demand.rentals[:first] + demand.rentals[:second] + demand.rentals[:third]) / 3 END AS bigint)
               AS lost_an_hour
      FROM station_live AS live JOIN stations AS station ON station.id = live.station_id
      JOIN station_demand AS demand ON demand.station_id = live.station_id
     WHERE live.active AND NOT live.maintenance
       AND (NOT live.online OR live.available_banks = 0 OR live.free_slots = 0)
     ORDER BY lost_an_hour DESC, live.sn LIMIT :most
""")


@dataclass(frozen=True)
class Place:
    """A station that loses money now, and what somebody who goes there would stop."""

    sn: str
    name: str
    city: str
    lat: float
    lng: float
    kind: str
    lost_an_hour: int


def make_losses(since: datetime, until: datetime) -> None:
    """Estimate what was lost in some hours again."""
    session = open_session()
    session.execute(delete(StationLoss).where(StationLoss.at >= since, StationLoss.at < until))
    session.execute(_MAKE, {"since": since, "until": until, "all": ALL})


def list_places(*, now: datetime, most: int = PLACES) -> list[Place]:
    """List the stations where a task pays most now."""
    holidays = find_holidays(local_day(now), local_day(now + DAY))
    first, second, third = ((hour_of_week(now, holidays) + each) % 168 + 1 for each in range(3))
    values = {"first": first, "second": second, "third": third, "most": most}
    return [Place(**row._mapping) for row in db.session.execute(_PLACES, values)]


def read_totals(span: Span, scope: Scope) -> dict[str, int]:
    row = db.session.execute(select(*_sums()).where(*_is_in(span, scope))).one()
    return _with_all(dict(zip(KINDS, (int(value or 0) for value in row), strict=True)))


def read_series(asked: Asked, scope: Scope) -> list[tuple[datetime, dict[str, int]]]:
    local = func.timezone(HOME.key, StationLoss.at)
    is_hourly = asked.group == Group.HOUR
    piece: Any = StationLoss.at if is_hourly else func.date_trunc(asked.group.value, local).cast(Date)
    query = select(piece, *_sums()).where(*_is_in(asked.span, scope)).group_by(piece)
    found = {row[0]: dict(zip(KINDS, map(int, row[1:]), strict=True)) for row in db.session.execute(query)}
    nothing = dict.fromkeys(KINDS, 0)
    return [(at, _with_all(found.get(key, nothing))) for key, at in asked.span.pieces(asked.group)]


def read_top(span: Span, scope: Scope, *, most: int = MOST) -> list[tuple[dict[str, Any], dict[str, int]]]:
    """Read the stations that lost most, with where they are."""
    total = sum((func.sum(getattr(StationLoss, name)) for name in KINDS), start=literal(0))
    query = (
        select(Station.sn, Station.name, Station.city, Station.lat, Station.lng, *_sums())
        .join(Station, Station.id == StationLoss.station_id)
        .where(*_is_in(span, scope))
        .group_by(Station.id)
        .order_by(total.desc(), Station.sn)
        .limit(most)
    )
    names = ("sn", "name", "city", "lat", "lng")
    return [
        (
            dict(zip(names, row[:5], strict=True)),
            _with_all(dict(zip(KINDS, map(int, row[5:]), strict=True))),
        )
        for row in db.session.execute(query)
    ]


@dataclass(frozen=True)
class Box:
    """A part of the map, in degrees."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def of(cls, corners: Mapping[str, float]) -> "Box":
        return cls(*(corners[name] for name in ("west", "south", "east", "north")))

    @property
    def cell(self) -> float:
        """Say how wide a cell is: stations of one cell are shown as one place."""
        return max(self.east - self.west, self.north - self.south, SMALLEST_BOX) / CELLS_ACROSS


def read_cells(span: Span, scope: Scope, box: Box) -> list[dict[str, Any]]:
    """Read what was lost in a part of the map by cells of it, those that lost most first."""
    total = sum((func.sum(getattr(StationLoss, name)) for name in KINDS), start=literal(0))
    key = (func.floor(Station.lng / box.cell), func.floor(Station.lat / box.cell))
    query = (
        select(
            func.avg(Station.lat),
            func.avg(Station.lng),
            cast(total, BigInteger),
            func.count(Station.id.distinct()),
            func.min(Station.sn),
            func.min(Station.name),
        )
        .join(Station, Station.id == StationLoss.station_id)
        .where(*_is_in(span, scope))
        .where(Station.lng.between(box.west, box.east), Station.lat.between(box.south, box.north))
        .group_by(*key)
        .order_by(total.desc(), func.min(Station.sn))
        .limit(MOST_CELLS)
    )
    names = ("lat", "lng", "lost", "stations", "sn", "name")
    return [dict(zip(names, row, strict=True)) for row in db.session.execute(query)]


def _sums() -> list[Any]:
    return [func.sum(getattr(StationLoss, name)) for name in KINDS]


def _is_in(span: Span, scope: Scope) -> list[Any]:
    conditions: list[Any] = [StationLoss.at >= span.since, StationLoss.at < span.until]
    if scope.station_id is not None:
        conditions.append(StationLoss.station_id == scope.station_id)
    elif scope.is_of_some_stations:
        day = func.timezone(HOME.key, StationLoss.at).cast(Date)
        conditions.append(StationLoss.station_id.in_(stations_of(scope, day)))
    return conditions


def _with_all(lost: dict[str, int]) -> dict[str, int]:
    return {"lost": sum(lost.values())} | lost
