"""Fills the registry with stations: `python -m scripts.bench.shared.stations COUNT`.

They stand as a national network would: most in a few towns, close together, the rest along the roads between.
"""

import math
import random
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import text

from powerbank import create_app
from powerbank.base.db import new_id, open_session, transaction
from powerbank.stations.registry import search_terms

# Where, how far around it in degrees, and which share of the stations.
TOWNS = (
    (27.7103, 85.3222, 0.08, 0.45),
    (28.2096, 83.9856, 0.05, 0.15),
    (26.4525, 87.2718, 0.05, 0.10),
    (27.6866, 83.4323, 0.05, 0.10),
    (28.0500, 81.6167, 0.05, 0.05),
    (27.8000, 84.5000, 1.50, 0.15),
)
BATCH = 5000

_STATIONS = text("""
    INSERT INTO stations (id, sn, imei, name, address, city, lat, lng, protocol, search_vector)
    SELECT id, sn, sn, 'Station ' || sn, 'Road ' || sn, 'Kathmandu', lat, lng, 'json-v1', terms::tsvector
      FROM unnest(CAST(:ids AS uuid[]), CAST(:sns AS text[]), CAST(:lats AS float[]), CAST(:lngs AS float[]),
                  CAST(:terms AS text[])) AS t (id, sn, lat, lng, terms)
""")
_LIVE = text("""
    INSERT INTO station_live (station_id, sn, name, lat, lng, active, maintenance, timezone, available_banks,
                              free_slots, online, last_seen)
    SELECT id, sn, 'Station ' || sn, lat, lng, true, false, 'Asia/Kathmandu', banks, 8 - banks, true, now()
      FROM unnest(CAST(:ids AS uuid[]), CAST(:sns AS text[]), CAST(:lats AS float[]), CAST(:lngs AS float[]),
                  CAST(:banks AS int[])) AS t (id, sn, lat, lng, banks)
""")


def main() -> int:
    count = int(sys.argv[1])
    with create_app().app_context(), transaction():
        fill(count)
    print(count)
    return 0


def fill(count: int) -> None:
    """Adds so many stations, the same ones each time."""
    batch: list[dict[str, Any]] = []
    for row in _rows(count):
        batch.append(row)
        if len(batch) == BATCH:
            insert(batch)
            batch = []
    if batch:
        insert(batch)


def insert(rows: Sequence[dict[str, Any]]) -> None:
    """Stations with live rows, from `id, sn, lat, lng, banks`."""
    session = open_session()
    values = {
        "ids": [str(row["id"]) for row in rows],
        "sns": [row["sn"] for row in rows],
        "lats": [row["lat"] for row in rows],
        "lngs": [row["lng"] for row in rows],
    }
    found_by = [
        search_terms.make_vector_of_texts(f"Station {row['sn']}", f"Road {row['sn']}", "Kathmandu", row["sn"])
        for row in rows
    ]
    session.execute(_STATIONS, values | {"terms": found_by})
    session.execute(_LIVE, values | {"banks": [row["banks"] for row in rows]})


def _rows(count: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(1)  # noqa: S311 (the same data each time)
    shares = [town[3] for town in TOWNS]
    for number in range(count):
        lat, lng, spread, _ = chance.choices(TOWNS, shares)[0]
        angle, far = chance.uniform(0, 2 * math.pi), abs(chance.gauss(0, spread / 2))
        yield {
            "id": new_id(),
            "sn": f"B{number:07d}",
            "lat": lat + far * math.sin(angle),
            "lng": lng + far * math.cos(angle) / math.cos(math.radians(lat)),
            "banks": chance.randrange(9),
        }


if __name__ == "__main__":
    sys.exit(main())
