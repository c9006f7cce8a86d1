"""Find the stations around a point, nearest first: exact in distance and order, and quick however many there are.

PostgreSQL's own GiST index on points knows only a flat map. So one function asks it twice. First it asks for a few
stations that are nearest on the flat map: if enough of them match the search, the farthest of them on the globe is a
bound that the answer cannot exceed; otherwise the radius is the bound. Then it asks for everything within a box on the
map that holds the whole circle of that bound, and the exact distances decide. At the date line the box goes on at the
other side of the map; around a pole it spans the whole map. It is a function because its plan takes longer to make than
to run, and PostgreSQL keeps the plans of functions through every pool of connections.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import read_alone
from powerbank.stations.models import shown_status
from powerbank.stations.registry.opening_hours import is_open

LARGEST_RADIUS_KM = 500

# The function stands in powerbank/sql/stations_nearby.sql.
_NEARBY = text("""
    SELECT sn, name, lat, lng, maintenance, online, hours, timezone, available_banks, free_slots, last_seen, km,
           is_favorite
      FROM stations_nearby(:lat, :lng, :radius_km, :limit, :min_banks, :min_free_slots, CAST(:user_id AS uuid))
""")
STATEMENT = _NEARBY.text


@dataclass(frozen=True)
class NearbySearch:
    lat: float
    lng: float
    radius_km: float
    limit: int
    min_banks: int
    min_free_slots: int


def find_nearby_stations(search: NearbySearch, *, user_id: UUID | None, now: datetime) -> list[dict[str, Any]]:
    """Find the stations that match a search."""
    parameters = vars(search) | {"user_id": str(user_id) if user_id else None}
    return [_make_card(row, now) for row in read_alone(_NEARBY, parameters)]


def _make_card(row: Sequence[Any], now: datetime) -> dict[str, Any]:
    sn, name, lat, lng, maintenance, online, hours, timezone, banks, slots, last_seen, km, is_favorite = row
    return {
        "sn": sn,
        "name": name,
        "lat": lat,
        "lng": lng,
        "distance_m": round(km * 1000),
        "status": shown_status(maintenance=maintenance, online=online),
        "available_banks": banks,
        "free_slots": slots,
        "open_now": is_open(hours, timezone, now),
        "last_seen": last_seen and last_seen.astimezone(UTC),
        "is_favorite": is_favorite,
    }
