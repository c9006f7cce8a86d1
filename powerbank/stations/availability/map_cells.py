"""Group stations for a map: what a view shows is counted by the database, so that a browser draws some hundred marks at
most, however many stations there are.

A view is a box and a zoom, as map libraries have them: at zoom 0 the world is 256 pixels wide, and each further step
doubles it. Stations that would stand closer together than a mark is wide share a cell of that grid.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import text

from powerbank.base.db import read_alone

MARK_PIXELS = 88
DEEPEST_ZOOM = 19
MEMBERS_SHOWN = 50


class MapState(StrEnum):
    """What a mark says of a station, what needs somebody first."""

    OFFLINE = "offline"
    SHORT = "short"  # nothing to rent, or no place to return
    MAINTENANCE = "maintenance"
    ONLINE = "online"


_IN_VIEW = """
    SELECT station_id, sn, name, lat, lng, available_banks, free_slots,
           CASE WHEN maintenance THEN 'maintenance' WHEN NOT online THEN 'offline'
                WHEN available_banks = 0 OR free_slots = 0 THEN 'short' ELSE 'online' END AS state
      FROM station_live
     WHERE active AND point(lng, lat) <@ box(point(:west, :south), point(:east, :north))
"""
_CELLS = text(f"""
    WITH cells AS (
        SELECT count(*) AS stations, count(*) FILTER (WHERE state = 'offline') AS offline,
               count(*) FILTER (WHERE state = 'short') AS short,
               count(*) FILTER (WHERE state = 'maintenance') AS maintenance,
               count(*) FILTER (WHERE state = 'online') AS online,
               sum(available_banks) AS banks, sum(free_slots) AS slots, avg(lat) AS lat, avg(lng) AS lng,
               min(lng) AS west, min(lat) AS south, max(lng) AS east, max(lat) AS north,
               (array_agg(station_id))[1] AS one_of_them
          FROM ({_IN_VIEW}) AS seen
         WHERE CAST(:state AS text) IS NULL OR state = :state
         GROUP BY floor((lng + 180) / 360 * :cells),
                  floor((0.5 - ln(tan(pi() / 4 + radians(greatest(least(lat, 85), -85)) / 2)) / (2 * pi())) * :cells))
    SELECT cells.stations, cells.offline, cells.short, cells.maintenance, cells.online, cells.banks, cells.slots,
           cells.lat, cells.lng, cells.west, cells.south, cells.east, cells.north, station.sn, station.name,
           station.city
      FROM cells JOIN stations AS station ON station.id = cells.one_of_them
     ORDER BY cells.stations DESC, station.sn
""")  # noqa: S608  # nosec B608 (one constant is a part of the others)
_RANK = "array_position(ARRAY['offline', 'short', 'maintenance', 'online'], state)"
_MEMBERS = text(f"""
    SELECT sn, name, state, available_banks, free_slots, {_RANK} AS rank
      FROM ({_IN_VIEW}) AS seen
     WHERE (CAST(:state AS text) IS NULL OR state = :state) AND ({_RANK}, sn) > (:after_rank, :after_sn)
     ORDER BY rank, sn LIMIT :most
""")  # noqa: S608  # nosec B608
_EXTENT = text("SELECT min(lng), min(lat), max(lng), max(lat) FROM station_live WHERE active")


@dataclass(frozen=True)
class View:
    west: float
    south: float
    east: float
    north: float
    state: MapState | None = None


@dataclass(frozen=True)
class Cell:
    """Stations that share a mark. A cell of one station is this station."""

    stations: int
    offline: int
    short: int
    maintenance: int
    online: int
    banks: int
    slots: int
    lat: float
    lng: float
    west: float
    south: float
    east: float
    north: float
    sn: str  # of one of them
    name: str
    city: str

    @property
    def counts(self) -> dict[MapState, int]:
        """Count its stations by state; a state that none of them has is left out."""
        return {state: count for state in MapState if (count := getattr(self, state))}


def list_cells(view: View, *, zoom: int) -> list[Cell]:
    """List the cells of a view, the fullest first."""
    cells = 256 * 2**zoom / MARK_PIXELS
    return [Cell(*row) for row in read_alone(_CELLS, vars(view) | {"cells": cells})]


def list_members(view: View, *, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """List stations within a box, those that need somebody first, and what the next page comes after."""
    rank, _, sn = (after or "0:").partition(":")
    values = vars(view) | {
        "after_rank": int(rank) if rank.isdecimal() and len(rank) == 1 else 0,
        "after_sn": sn.replace("\x00", ""),
        "most": MEMBERS_SHOWN + 1,
    }
    rows = read_alone(_MEMBERS, values)
    members = [
        {"sn": sn, "name": name, "state": state, "available_banks": banks, "free_slots": slots}
        for sn, name, state, banks, slots, _ in rows[:MEMBERS_SHOWN]
    ]
    last = rows[MEMBERS_SHOWN - 1] if len(rows) > MEMBERS_SHOWN else None
    return members, f"{last[5]}:{last[0]}" if last else None


def find_extent() -> tuple[float, float, float, float] | None:
    """Find the box that holds the whole network, as west, south, east and north."""
    west, south, east, north = read_alone(_EXTENT, {})[0]
    return None if west is None else (west, south, east, north)
