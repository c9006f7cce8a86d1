#!/usr/bin/env python
"""Measures figures: folding an hour and a day, filling in history, the answers, and what all of it takes on disk.

python scripts/bench/analytics.py                                                          a small one
python scripts/bench/analytics.py --users 1000000 --stations 100000 --rentals 10000000 --write
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import os
import resource
import statistics
import time
from datetime import timedelta

from flask import Flask
from sqlalchemy import text

from powerbank import create_app
from powerbank.analytics.buckets import folding
from powerbank.analytics.buckets.days import DAY, HOUR, day_begins
from powerbank.analytics.models import Grain, StaleBucket
from powerbank.analytics.screens import answers
from powerbank.base.clock import local_day
from powerbank.base.db import db, transaction, utcnow
from scripts.bench.parts import analytics_history
from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import servers

PAGE = ROOT / "docs/performance.md"
REPEAT = 40
FOLDS_OF_AN_HOUR = 12  # one each five minutes; on average half of the hour is there


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--stations", type=int, default=2_000)
    parser.add_argument("--rentals", type=int, default=200_000)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    asked = parser.parse_args()
    with servers() as ground:
        os.environ.update(ground.environment | {"DATABASE_STATEMENT_TIMEOUT_MS": "0"})
        analytics_history.fill(ground, users=asked.users, stations=asked.stations, rentals=asked.rentals)
        app = create_app()
        with app.app_context():
            lines = measure(app, asked.rentals, asked.stations)
        sizes = f"{asked.users:,} people, {asked.stations:,} stations, {asked.rentals:,} rentals, one in three seconds"
        told = f"{ground.machine()}. {sizes}.\n\n| what | measured |\n| --- | --- |\n" + "\n".join(lines)
    print(told)
    if asked.write:
        report.keep(PAGE, "analytics", told)
    return 0


def measure(app: Flask, rentals: int, stations: int) -> list[str]:
    days, began, memory = 0, time.perf_counter(), _memory()
    with transaction():
        folding.note_new_hours(utcnow())
    while True:
        with transaction():
            if folding.make_newest_stale_day(utcnow()) is None:
                break
        days += 1
    filled = time.perf_counter() - began
    grown = _memory() - memory
    today = local_day(utcnow())
    whole = _time_day(Grain.DAY, day_begins(today - DAY))
    noon = day_begins(today - DAY) + 12 * HOUR
    one = _time_day(Grain.HOUR, noon)
    of_day = _count(day_begins(today - DAY), day_begins(today))
    of_hour = _count(noon, noon + HOUR)
    share = one * FOLDS_OF_AN_HOUR / HOUR.total_seconds()
    disk = db.session.execute(
        text("""SELECT pg_total_relation_size('figure_days'), pg_total_relation_size('figure_hours')""")
    ).one()
    db.session.rollback()
    a_year = disk[0] / max(1, stations) / days * 365
    rate = f"{rentals / filled:,.0f} rentals a second"
    lines = [
        f"| all {days} days filled in | {filled:.1f} s, {rate}, {grown:.0f} MB more |",
        f"| one day made again, of {of_day:,} rentals | {whole:.2f} s |",
        f"| one hour made again, of {of_hour:,} rentals | {one * 1000:.0f} ms |",
        f"| of a core, if such an hour is made again {FOLDS_OF_AN_HOUR} times | {share:.1%} |",
        f"| days of one station for a year | {a_year / 1024:.0f} kB |",
        f"| hours of one station for a day | {disk[1] / max(1, stations) / days / 1024:.1f} kB |",
    ]
    for view in ("dashboard", "revenue", "rentals", "stations"):
        for range_ in ("7d", "30d"):
            p50, p95 = _time_answer(app, view, range_)
            lines.append(f"| `{view}?range={range_}` | median {p50:.0f} ms, 95 of 100 within {p95:.0f} ms |")
    return lines


def _time_day(grain: Grain, at: object) -> float:
    with transaction() as session:
        session.add(StaleBucket(grain=grain, at=at))
    began = time.perf_counter()
    with transaction():
        folding.make_newest_stale_day(utcnow())
    return time.perf_counter() - began


def _count(since: object, until: object) -> int:
    statement = text("SELECT count(*) FROM rental_events WHERE at >= :since AND at < :until AND event = 'ejected'")
    return int(db.session.execute(statement, {"since": since, "until": until}).scalar_one())


def _time_answer(app: Flask, view: str, range_: str) -> tuple[float, float]:
    took = []
    for number in range(REPEAT):
        now = utcnow() - timedelta(seconds=number)
        began = time.perf_counter()
        answers.make_answer(answers.read_question(view, {"range_": range_}, now=now))
        took.append((time.perf_counter() - began) * 1000)
        db.session.rollback()
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
