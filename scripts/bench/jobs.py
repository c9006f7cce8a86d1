#!/usr/bin/env python
"""Measures our worker beside RQ, Celery, Dramatiq and pgbench: `python scripts/bench/jobs.py --write`.

All on one PostgreSQL and one Redis of its own. The first run makes an environment for each peer in `.bench/`.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be this file instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from scripts.bench.parts import job_rounds
from scripts.bench.parts.job_contestants import CONTESTANTS, OURS, Kind
from scripts.bench.shared import environments, report
from scripts.bench.shared.servers import Ground, servers

PAGE = environments.ROOT / "docs/performance.md"
PGBENCH = 4000  # transactions a round

HEADINGS = {
    Kind.TRIVIAL: "trivial job, one worker process",
    Kind.DURABLE: "job that writes one row",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(Kind), type=Kind, help="one of the two jobs")
    parser.add_argument("--quick", action="store_true", help="one short round: to see that it works")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    arguments = parser.parse_args()
    kinds = [arguments.only] if arguments.only else list(Kind)
    share, count = (0.2, 1) if arguments.quick else (1, arguments.rounds)
    for peer in {contestant.peer for contestant in CONTESTANTS if contestant.peer}:
        environments.python_of(peer)
    with servers() as ground:
        paragraphs = [f"{ground.machine()}."]
        for kind in kinds:
            figures = _figures(_runs(ground, kind, share), count)
            paragraphs.append(report.table(HEADINGS[kind], figures, OURS.title))
        text = "\n\n".join(paragraphs)
    print(text)
    if arguments.write:
        report.keep(PAGE, "jobs", text)
    return 0


def _runs(ground: Ground, kind: Kind, share: float) -> dict[str, Callable[[], float]]:
    runs: dict[str, Callable[[], float]] = {
        contestant.title: partial(
            job_rounds.jobs_per_second, ground, contestant, kind, int(contestant.counts[kind] * share)
        )
        for contestant in CONTESTANTS
    }
    if kind is Kind.DURABLE:
        runs["pgbench, our transaction"] = partial(ground.pgbench, int(PGBENCH * share), outbox=True)
        runs["pgbench, the row only"] = partial(ground.pgbench, int(PGBENCH * share), outbox=False)
    return runs


def _figures(runs: dict[str, Callable[[], float]], count: int) -> dict[str, list[float]]:
    """In turns, so that a machine that slows down meanwhile does so for everybody."""
    figures: dict[str, list[float]] = defaultdict(list)
    for number in range(count):
        for title, run in runs.items():
            figures[title].append(run())
            print(f"round {number + 1}: {title}: {figures[title][-1]:,.0f}/s", file=sys.stderr, flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())
