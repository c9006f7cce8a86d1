#!/usr/bin/env python
"""Measures figures: folding an hour and a day, filling in history, the answers, and what all of it takes on disk.

python scripts/bench/analytics.py                                                          a small one
python scripts/bench/analytics.py --users 1000000 --stations 100000 --rentals 10000000 --write
python scripts/bench/analytics.py --a-second 40 --rentals 80000     a busy hour, for what folding costs of a core

What something costs of a core is what the processor spent on it, in this program and in the server that works for it.
Unlike the time that passes, it is the same when other programs have the cores.
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
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, text

from powerbank import create_app
from powerbank.analytics.buckets import folding, leaders, selections
from powerbank.analytics.buckets.days import DAY, HOUR, day_begins
from powerbank.analytics.models import (
    FigureDay,
    FigureHour,
    Grain,
    Leader,
    SelectedStation,
    SelectionDay,
    SelectionHour,
    StaleBucket,
)
from powerbank.analytics.screens import answers
from powerbank.base.clock import HOME, local_day
from powerbank.base.db import db, transaction, utcnow
from scripts.bench.parts import analytics_history
from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import servers

PAGE = ROOT / "docs/performance.md"
REPEAT = 40
RANGES = ("7d", "30d", "90d")
BUSY = 200  # rentals a second


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--stations", type=int, default=2_000)
    parser.add_argument("--rentals", type=int, default=200_000)
    parser.add_argument("--a-second", type=float, default=1 / 3, help="rentals")
    parser.add_argument("--days", type=float, help="over which the rentals are spread, in place of `--a-second`")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    asked = parser.parse_args()
    if asked.days is not None:
        asked.a_second = asked.rentals / (asked.days * 86400)
    with servers() as ground:
        os.environ.update(ground.environment | {"DATABASE_STATEMENT_TIMEOUT_MS": "0"})
        sizes = {"users": asked.users, "stations": asked.stations, "rentals": asked.rentals}
        analytics_history.fill(ground, **sizes, seconds=1 / asked.a_second)
        app = create_app()
        with app.app_context():
            lines = measure(asked.rentals, asked.stations, is_busy=asked.a_second >= 1)
        network = f"{asked.users:,} people, {asked.stations:,} stations, {asked.rentals:,} rentals"
        told = (
            f"{ground.machine()}. {network}, {asked.a_second:.2g} a second. Of an answer: its median, and in how many"
            " milliseconds 95 of 100 are there, for a week; a month; three months. In brackets, milliseconds of the"
            " processor.\n\n| what | measured |\n| --- | --- |\n" + "\n".join(lines)
        )
    print(told)
    if asked.write:
        report.keep(PAGE, "analytics" if asked.a_second < 1 else "analytics of a busy hour", told)
    return 0


def measure(rentals: int, stations: int, *, is_busy: bool) -> list[str]:
    days, began, memory = 0, time.perf_counter(), _memory()
    with transaction():
        folding.note_new_hours(utcnow())
    put_in = _follow_changes()
    while True:
        with transaction():
            if folding.make_newest_stale_day(utcnow()) is None:
                break
        days += 1
    filled = time.perf_counter() - began
    again = _put_stations_in_again()
    grown = _memory() - memory
    today = local_day(utcnow())
    whole = _time_day(Grain.DAY, day_begins(today - DAY))
    of_day = _count(day_begins(today - DAY), day_begins(today))
    full = _busiest_hour()
    _forget(full)
    of_hour, before = _count(full, full + HOUR), _spent()
    one = _time_day(Grain.HOUR, full)
    spent = _spent() - before
    # An hour is made once when it is over, and before only as often as its part of the time allows. Where few rent,
    # most of its cost is that of the stations, which does not grow with the rentals.
    once = spent / of_hour * BUSY if is_busy and of_hour else spent / 3600
    share, rate_of_hour = once + 1 / folding.SHARE_OF_OPEN_HOURS, f"{BUSY} rentals a second" if is_busy else "this rate"
    disk = db.session.execute(
        text("""SELECT pg_total_relation_size('figure_days'), pg_total_relation_size('figure_hours'),
                       pg_total_relation_size('figure_selection_days')
                           + pg_total_relation_size('figure_selection_hours')""")
    ).one()
    with transaction():
        leaders.make_leaders(utcnow())
    ranked = time.perf_counter()
    with transaction() as session:
        session.execute(delete(Leader))
        leaders.make_leaders(utcnow())
    ranked = time.perf_counter() - ranked
    a_year = disk[0] / max(1, stations) / days * 365
    rate = f"{rentals / filled:,.0f} rentals a second"
    lines = [
        f"| all {days} days filled in | {filled:.1f} s, {rate}, {grown:.0f} MB more |",
        f"| one day made again, of {of_day:,} rentals | {whole:.2f} s |",
        f"| one hour made again, of {of_hour:,} rentals | {one * 1000:.0f} ms |",
        f"| of the processor, for a rental of it | {spent / max(1, of_hour) * 1e6:.0f} µs |",
        f"| of a core at {rate_of_hour}: each hour once, and again while it goes on | {share:.1%} at most |",
        f"| all {put_in:,} stations put into their towns and partners, with figures of {days} days | {again:.1f} s |",
        f"| the stations that lead found again, in four lengths of time | {ranked:.1f} s |",
        f"| towns and partners beside the hours and days of stations | {disk[2] / (disk[0] + disk[1]):.1%} of them |",
        f"| days of one station for a year | {a_year / 1024:.0f} kB |",
        f"| hours of one station for a day | {disk[1] / max(1, stations) / days / 1024:.1f} kB |",
    ]
    for who, filters in _choose_filters().items():
        for view in ("dashboard", "revenue", "rentals", "stations"):
            took = [_time_answer(view, {"range_": range_, **filters}) for range_ in RANGES]
            within = "; ".join(f"{p50:.0f}, {p95:.0f}" for p50, p95, _ in took)
            lines.append(f"| `{view}` of {who} | {within} ({max(each[2] for each in took):.0f}) |")
    nothing = _time(lambda: db.session.execute(text("SELECT 1")).scalar_one())
    lines.append(f"| `SELECT 1`, in between | median {nothing[0]:.1f} ms, 95 of 100 within {nothing[1]:.1f} ms |")
    return lines


def _follow_changes() -> int:
    changes = 0
    while True:
        with transaction():
            followed = selections.follow_changes()
        if not followed:
            return changes
        changes += followed


def _put_stations_in_again() -> float:
    """Tell how long it takes to put all stations into their selections after an upgrade, with all their figures."""
    with transaction() as session:
        for table in (SelectedStation, SelectionHour, SelectionDay):
            session.execute(delete(table))
    began = time.perf_counter()
    _follow_changes()
    return time.perf_counter() - began


def _choose_filters() -> dict[str, dict[str, Any]]:
    """Ask for all, for the largest town and partner, for a small partner, and for a package of all and of the town."""
    statement = text("""SELECT selection FROM figure_selected_stations WHERE selection LIKE 'partner:%'
                         GROUP BY selection ORDER BY count(*) DESC, selection""")
    partners = [row[0].removeprefix("partner:") for row in db.session.execute(statement)]
    package = str(db.session.execute(text("SELECT id FROM packages LIMIT 1")).scalar_one())
    db.session.rollback()
    town = {"city": "Kathmandu"}
    return {
        "all": {},
        "a town with half of the stations": town,
        "a partner with a fifth of them": {"partner_id": partners[0]},
        "a partner with ten": {"partner_id": partners[-1]},
        "a package": {"package_id": package},
        "a package in the town": town | {"package_id": package},
    }


def _busiest_hour() -> datetime:
    """Find the whole hour in which most rentals began, but for the one that goes on."""
    statement = text(f"""
        SELECT date_trunc('hour', at, '{HOME.key}') FROM rental_events
         WHERE event = 'ejected' AND at < date_trunc('hour', now(), '{HOME.key}')
         GROUP BY 1 ORDER BY count(*) DESC LIMIT 1""")  # noqa: S608
    found: datetime = db.session.execute(statement).scalar_one()
    db.session.rollback()
    return found


def _forget(hour: datetime) -> None:
    """Forget an hour, as if nothing had been folded of it."""
    with transaction() as session:
        session.execute(delete(FigureHour).where(FigureHour.at == hour))
        session.execute(delete(FigureDay).where(FigureDay.day == local_day(hour)))


def _spent() -> float:
    """Tell how many seconds of a processor this program and its server have spent."""
    server = db.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    db.session.rollback()
    times = Path(f"/proc/{server}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return time.process_time() + sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


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


def _time_answer(view: str, question: dict[str, Any]) -> tuple[float, float, float]:
    """Tell the median of the milliseconds of an answer, what most take, and what the processor spends on one."""

    def answer() -> None:
        answers.make_answer(answers.read_question(view, question, now=utcnow()))

    answer()
    before = _spent()
    p50, p95 = _time(answer)
    return p50, p95, (_spent() - before) * 1000 / REPEAT


def _time(do: Callable[[], object]) -> tuple[float, float]:
    took = []
    for _ in range(REPEAT):
        began = time.perf_counter()
        do()
        took.append((time.perf_counter() - began) * 1000)
        db.session.rollback()
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
