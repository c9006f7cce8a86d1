#!/usr/bin/env python
"""Measures the leaderboard on a small and on a large board: `python scripts/bench/leaderboard.py --write`.

A page with the asker's own place, for somebody at the top, in the middle and at the bottom; a move; and the plain
way of counting a rank, for comparison.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import text

from powerbank import create_app
from powerbank.base.db import db, transaction, utcnow
from powerbank.social import leaderboard, queries, tallies
from powerbank.social.boards import ALL
from powerbank.social.models import Metric
from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import Ground, servers

PAGE = ROOT / "docs/performance.md"
REPEAT = 50

# Scores as a network would have them: most people low, some far ahead.
_FILL = """
    SET session_replication_role = replica;
    INSERT INTO users (id, username, referral_code)
    SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'person' || n, 'C' || n
      FROM generate_series(1, {people}) n ON CONFLICT DO NOTHING;
    INSERT INTO tallies (board, user_id, rentals, on_time, points, stale)
    SELECT 'all', ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, rentals, rentals * 9 / 10,
           50 + rentals * 14, false
      FROM (SELECT n, floor(-60 * ln(random() + 1e-9))::int AS rentals FROM generate_series(1, {people}) n) made
        ON CONFLICT DO NOTHING;
    INSERT INTO standings (board, user_id, score) SELECT board, user_id, score FROM tallies WHERE board = 'all'
        ON CONFLICT DO NOTHING;
    SET session_replication_role = origin
"""
_PLAIN = text("SELECT 1 + count(*) FROM standings WHERE board = 'all' AND score > :score")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="*", default=[1_000, 1_000_000])
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    with servers() as ground:
        os.environ.update(ground.environment)
        found = {people: _measure(ground, people) for people in arguments.people}
        told = f"{ground.machine()}. Milliseconds, the median of {REPEAT}.\n\n{_table(found)}"
    print(told)
    if arguments.write:
        report.keep(PAGE, "leaderboard", told)
    return 0


def _measure(ground: Ground, people: int) -> dict[str, float]:
    ground.as_superuser(_FILL.format(people=people))
    with create_app().app_context():
        with transaction():
            leaderboard.recount_steps(ALL)
        ground.as_superuser(
            "VACUUM ANALYZE standings",
            "VACUUM ANALYZE standing_steps",
            "VACUUM ANALYZE tallies",
            "VACUUM ANALYZE users",
            "CHECKPOINT",
        )
        ordered = "SELECT user_id, score FROM standings WHERE board = 'all' ORDER BY score DESC, user_id DESC"
        at = {"the top": 0, "the middle": people // 2, "the bottom": people - 1}
        who = {name: db.session.execute(text(f"{ordered} OFFSET {place} LIMIT 1")).one() for name, place in at.items()}
        timings = {
            f"a page and my place, at {name}": _median(lambda user_id=row.user_id: _page(user_id))  # type: ignore[misc]
            for name, row in who.items()
        }
        last = who["the bottom"]
        timings["a rank at the bottom"] = _median(lambda: leaderboard.count_ranks(ALL, [last.score]))
        timings["the same by counting everybody above"] = _median(
            lambda: db.session.scalar(_PLAIN, {"score": last.score})
        )
        middle = who["the middle"].user_id
        timings["a rental counted and shown, with its commit"] = _median(lambda: _move(middle))
        _check(last.score)
        return timings


def _page(user_id: UUID) -> Any:
    return queries.leaderboard_page(user_id, period="all", me=True, now=utcnow(), limit=20, cursor=None)


def _move(user_id: UUID) -> None:
    with transaction():
        tallies.count_event(
            user_id=user_id,
            kind="bench",
            object_id=str(time.perf_counter_ns()),
            at=utcnow(),
            what={Metric.RENTALS: 1},
        )
        leaderboard.refresh_standings(user_id)


def _check(score: int) -> None:
    if leaderboard.count_ranks(ALL, [score])[score] != db.session.scalar(_PLAIN, {"score": score}):
        raise RuntimeError("the rank is wrong")


def _median(do: Callable[[], Any]) -> float:
    took = []
    for _ in range(REPEAT):
        db.session.rollback()
        db.session.expunge_all()
        began = time.perf_counter()
        do()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def _table(found: dict[int, dict[str, float]]) -> str:
    sizes = list(found)
    lines = [f"| | {' | '.join(f'{size:,} people' for size in sizes)} |", f"| --- |{' ---: |' * len(sizes)}"]
    for name in found[sizes[0]]:
        lines.append(f"| {name} | {' | '.join(f'{found[size][name]:.2f}' for size in sizes)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
