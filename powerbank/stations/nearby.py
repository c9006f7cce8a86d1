"""The stations around a point, nearest first: exact in distance and order, and quick however many there are.

PostgreSQL's own GiST index on points knows a flat map only. So it is asked twice, in one statement. First for a few
stations that are nearest on the flat map: if enough of them will do, the farthest of those on the globe is a bound
that the answer cannot exceed, and else the radius is. Then for everything within a box on the map that holds the whole
circle of that bound; of these, the exact distances decide. Over the date line the box goes on at the other side of the
map; around a pole it spans all of it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from powerbank.api.fields import show_time
from powerbank.db import read_alone
from powerbank.stations.hours import is_open
from powerbank.stations.models import shown_status

EARTH_KM = 6371.0088  # mean radius
LARGEST_RADIUS_KM = 500
CHOOSY = 30  # times as many are looked at first when not every station will do

# Haversine. `least` keeps rounding from leaving the domain of asin at the antipode.
_DISTANCE = """
    2 * 6371.0088 * asin(least(1, sqrt(
        sin(radians(lat - :lat) / 2) ^ 2 + cos(radians(:lat)) * cos(radians(lat)) * sin(radians(lng - :lng) / 2) ^ 2)))
"""
_WANTED = "active AND available_banks >= :min_banks AND free_slots >= :min_free_slots"

# The widest longitude of a circle is not at its centre's latitude but nearer to the pole, hence the asin.
_STATEMENT = """
    WITH flat AS MATERIALIZED (
        SELECT lat, lng, available_banks, free_slots FROM station_live WHERE active
         ORDER BY point(lng, lat) <-> point(:lng, :lat) LIMIT :few
    ), first AS MATERIALIZED (
        SELECT {distance} AS km FROM flat
         WHERE available_banks >= :min_banks AND free_slots >= :min_free_slots ORDER BY km LIMIT :limit
    ), reach AS MATERIALIZED (
        SELECT CASE WHEN count(*) = :limit THEN least(max(km), :radius_km) ELSE :radius_km END AS km FROM first
    ), spread AS MATERIALIZED (
        SELECT km, degrees(km / 6371.0088) + 1e-7 AS d_lat,
               CASE WHEN abs(:lat) + degrees(km / 6371.0088) + 1e-7 >= 90 THEN 180
                    ELSE degrees(asin(least(1, sin(km / 6371.0088) / cos(radians(:lat))))) + 1e-7 END AS d_lng
          FROM reach
    ), bounds AS MATERIALIZED (
        SELECT km, box(point(:lng - d_lng, :lat - d_lat), point(:lng + d_lng, :lat + d_lat)) AS here,
               box(point(:lng - d_lng + :turn, :lat - d_lat), point(:lng + d_lng + :turn, :lat + d_lat)) AS beyond
          FROM spread
    ), found AS (
        SELECT station_id, sn, name, lat, lng, maintenance, online, hours, timezone, available_banks, free_slots,
               last_seen, {distance} AS km
          FROM station_live
         WHERE {wanted} AND (point(lng, lat) <@ (SELECT here FROM bounds)
                             OR point(lng, lat) <@ (SELECT beyond FROM bounds))
    )
    SELECT sn, name, lat, lng, maintenance, online, hours, timezone, available_banks, free_slots, last_seen, km,
           EXISTS (SELECT FROM favourite_stations f
                    WHERE f.user_id = CAST(:user_id AS uuid) AND f.station_id = found.station_id) AS is_favorite
      FROM found WHERE km <= (SELECT km FROM bounds) + 1e-9 AND km <= :radius_km ORDER BY km, sn LIMIT :limit
    """
STATEMENT = _STATEMENT.replace("{distance}", _DISTANCE).replace("{wanted}", _WANTED)
_NEARBY = text(STATEMENT)


@dataclass(frozen=True)
class Search:
    lat: float
    lng: float
    radius_km: float
    limit: int
    min_banks: int
    min_free_slots: int


def nearby(search: Search, *, user_id: UUID | None, now: datetime) -> list[dict[str, Any]]:
    return [_card(row, now) for row in read_alone(_NEARBY, _parameters(search, user_id))]


def _parameters(search: Search, user_id: UUID | None) -> dict[str, Any]:
    choosy = search.min_banks or search.min_free_slots
    return {
        "lat": search.lat, "lng": search.lng, "radius_km": search.radius_km, "limit": search.limit,
        "few": search.limit * (CHOOSY if choosy else 3), "min_banks": search.min_banks,
        "min_free_slots": search.min_free_slots, "turn": -360.0 if search.lng > 0 else 360.0,
        "user_id": str(user_id) if user_id else None,
    }  # fmt: skip


def _card(row: Any, now: datetime) -> dict[str, Any]:
    return {
        "sn": row.sn,
        "name": row.name,
        "lat": row.lat,
        "lng": row.lng,
        "distance_m": round(row.km * 1000),
        "status": shown_status(maintenance=row.maintenance, online=row.online),
        "available_banks": row.available_banks,
        "free_slots": row.free_slots,
        "open_now": is_open(row.hours, row.timezone, now),
        "last_seen": show_time(row.last_seen) if row.last_seen else None,
        "is_favorite": row.is_favorite,
    }
