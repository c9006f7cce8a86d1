#!/usr/bin/env python
"""Measures a pass of the crew's planner over all stations: `python scripts/bench/crew.py --stations 100000 --write`.

The first pass makes a task of everything that is wrong; a pass at rest finds nothing to do. Settling is what follows
when one station changes. All of it is measured by the rentals of four weeks, and again with a forecast of each station.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import os
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import select

from powerbank import create_app
from powerbank.base.db import db, transaction, utcnow
from powerbank.crew.tasks import planning, settling
from powerbank.crew.tasks.models import Task
from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import Ground, servers

PAGE = ROOT / "docs/performance.md"
Made = TypeVar("Made")
LONGEST = 10.0  # seconds, of a pass
# One station in twenty is empty, one in thirty full, one in fifty away; the rentals are those of five weeks.
_FILL = (
    "SET session_replication_role = replica",
    """INSERT INTO users (id, username, referral_code) SELECT uuidv7(), 'person' || n, 'C' || n
         FROM generate_series(1, 1000) n""",
    """INSERT INTO stations (id, sn, imei, name, address, city, lat, lng, protocol, search_vector)
       SELECT uuidv7(), 'S' || n, 'I' || n, 'Station ' || n, 'Road ' || n, 'Town ' || n % 40,
              26.5 + random() * 3.8, 80.2 + random() * 7.8, 'json-v1', ''
         FROM generate_series(1, {stations}) n""",
    """INSERT INTO slots (station_id, number, works, bank_serial, charge)
       SELECT id, number, CASE WHEN right(sn, 2) = '77' AND number = 8 THEN 'faulty' ELSE 'ok' END,
              CASE WHEN number <= banks THEN sn || '-' || number END,
              CASE WHEN number <= banks THEN CASE WHEN random() < 0.05 THEN 10 ELSE 90 END END
         FROM stations CROSS JOIN generate_series(1, 8) number
         CROSS JOIN LATERAL (SELECT CASE substr(sn, 2)::int % 60 WHEN 0 THEN 0 WHEN 1 THEN 0 WHEN 2 THEN 0
                                         WHEN 3 THEN 8 WHEN 4 THEN 8 ELSE 4 END AS banks) b""",
    """INSERT INTO power_banks (id, serial, quarantine_reason)
       SELECT uuidv7(), bank_serial, CASE WHEN random() < 0.002 THEN 'swollen' END
         FROM slots WHERE bank_serial IS NOT NULL""",
    """INSERT INTO custody (id, bank_id, place, station_id, slot_number, cause, period)
       SELECT uuidv7(), bank.id, 'slot', slot.station_id, slot.number, 'snapshot', tstzrange(now(), NULL)
         FROM slots AS slot JOIN power_banks AS bank ON bank.serial = slot.bank_serial""",
    """INSERT INTO station_live (station_id, sn, name, lat, lng, active, maintenance, timezone, available_banks,
                                 free_slots, online, last_seen)
       SELECT s.id, s.sn, s.name, s.lat, s.lng, true, false, s.timezone,
              (SELECT count(*) FROM slots WHERE station_id = s.id AND charge >= 30),
              (SELECT count(*) FROM slots WHERE station_id = s.id AND bank_serial IS NULL AND works = 'ok'),
              substr(s.sn, 2)::int % 50 <> 7, now() - interval '1 hour'
         FROM stations s""",
    """INSERT INTO packages (id, name, duration_minutes, price, payment_model)
       VALUES (uuidv7(), '1 hour', 60, 4000, 'prepaid')""",
    """CREATE TEMP TABLE u AS SELECT row_number() OVER () - 1 AS n, id FROM users;
       CREATE TEMP TABLE s AS SELECT row_number() OVER () - 1 AS n, id FROM stations;
       CREATE INDEX ON u (n); CREATE INDEX ON s (n)""",
    """INSERT INTO rentals (id, code, user_id, station_id, package_id, status, payment_method, package_name,
              payment_model, duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes, replacement_price,
              cancel_window_minutes, lost_after_days, points_per_npr, bank_id, slot_number, created_at, started_at,
              due_at, ended_at, return_station_id, settled_at)
       SELECT uuidv7(at - now()), 'R' || number, u.id, s.id, p.id, 'completed', 'wallet_only', '1 hour', 'prepaid', 60,
              4000, 0, 500, 0, 300000, 5, 7, 10, u.id, 1, at, at, at + interval '1 hour', at + interval '50 min', t.id,
              at + interval '50 min'
         FROM generate_series(1, {rentals}::bigint) AS made (number)
         CROSS JOIN LATERAL (SELECT now() - number * interval '35 days' / {rentals} AS at) m
         CROSS JOIN packages p
         JOIN u ON u.n = number % 1000 JOIN s ON s.n = number * 104729 % {stations}
         JOIN s AS t ON t.n = number * 7919 % {stations}""",
)
# Each hour of the week wants a little less than half a bank, and somewhat more at some stations.
_FORECAST = """
    INSERT INTO station_demand (station_id, rentals, returns, fare, made_for)
    SELECT id, array_fill((random() * 0.4)::real, ARRAY[168]), array_fill((random() * 0.4)::real, ARRAY[168]), 4000,
           CURRENT_DATE
      FROM stations"""
_TABLES = ("stations", "slots", "power_banks", "custody", "station_live", "rentals")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stations", type=int, default=5_000)
    parser.add_argument("--rentals", type=int, default=100_000)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    asked = parser.parse_args()
    with servers() as ground:
        os.environ.update(ground.environment)
        fill(ground, stations=asked.stations, rentals=asked.rentals)
        took, made = measure(ground)
        sizes = f"{asked.stations:,} stations, {asked.rentals:,} rentals of five weeks, {made:,} tasks"
        table = "\n".join(f"| {name} | {seconds:,.2f} s |" for name, seconds in took.items())
        told = f"{ground.machine()}. {sizes}.\n\n| pass | takes |\n| --- | ---: |\n{table}"
    print(told)
    if asked.write:
        report.keep(PAGE, "crew", told)
    return 0 if max(took.values()) <= LONGEST else 1


def fill(ground: Ground, *, stations: int, rentals: int) -> None:
    ground.as_superuser(*(statement.format(stations=stations, rentals=rentals) for statement in _FILL))
    ground.as_superuser(*(f"VACUUM ANALYZE {table}" for table in _TABLES), "CHECKPOINT")


def measure(ground: Ground) -> tuple[dict[str, float], int]:
    """Time the first pass, a pass at rest, and the settling of one station, without a forecast and with one."""
    app = create_app(routes=False)
    took: dict[str, float] = {}

    def time_it(name: str, work: Callable[[], Made]) -> Made:
        began = time.perf_counter()
        with transaction():
            found = work()
        took[name] = time.perf_counter() - began
        return found

    with app.app_context():
        made = time_it("the first pass, which makes all tasks", lambda: planning.plan_tasks(now=utcnow()))
        time_it("a pass at rest", lambda: planning.plan_tasks(now=utcnow()))
        station_id = db.session.scalars(select(Task.station_id).limit(1)).one()
        db.session.rollback()
        time_it("the tasks of one station", lambda: settling.settle_station(station_id, now=utcnow()))
        ground.as_superuser(_FORECAST, "VACUUM ANALYZE station_demand", "VACUUM ANALYZE crew_tasks")
        time_it("a pass after the forecast was made", lambda: planning.plan_tasks(now=utcnow()))
        time_it("a pass at rest, by the forecast", lambda: planning.plan_tasks(now=utcnow()))
        time_it("the tasks of one station, by the forecast", lambda: settling.settle_station(station_id, now=utcnow()))
    return took, made["made"]


if __name__ == "__main__":
    sys.exit(main())
