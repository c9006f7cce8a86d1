#!/usr/bin/env python
"""Measures what sharing costs a settlement, and a payout run over many partners.

python scripts/bench/payouts.py --quick                                        a small one
python scripts/bench/payouts.py --partners 10000 --accruals 1000000 --write

It fails where one of them takes more than it may.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import os
import resource
import statistics
import subprocess
import time
from uuid import UUID

import orjson
from sqlalchemy import text

from jobs.payouts import run_payouts
from powerbank import create_app
from powerbank.base.clock import format_time
from powerbank.base.db import db, transaction, utcnow
from powerbank.ledger import revenue_changes
from powerbank.ledger import services as ledger
from powerbank.ledger.accounts import Kind, gateway_account, user_account
from powerbank.ledger.services import EntryKind, Line
from powerbank.partners.accruals import services as accruals
from powerbank.rentals.charges.settlement import settle_rental
from scripts.bench.parts import payout_network
from scripts.bench.parts.payout_network import PERSON
from scripts.bench.shared import costs, report, yardstick
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import Ground, servers

PAGE = ROOT / "docs/performance.md"
SETTLEMENTS = {
    "without sharing": ("V1", False),
    "at a station that nobody shares in": ("V2", True),
    "at a station with an agreement": ("V1", True),
}
MOST_MORE = 8  # percent that sharing may add to a settlement
MOST_SECONDS = 60  # of a run over 10,000 partners


class PlainRun:
    """A run of a stepwise job without a worker around it: its end is a transaction."""

    def finish(self) -> object:
        return transaction()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--partners", type=int, default=1_000)
    parser.add_argument("--accruals", type=int, default=20_000)
    parser.add_argument("--settlements", type=int, default=300, help="of each kind")
    parser.add_argument("--run", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--only", choices=("settlements", "run"))
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    asked = parser.parse_args()
    if asked.run:
        return make_payouts()
    with servers() as ground:
        os.environ.update(ground.environment)
        parts, late = [], False
        if asked.only != "run":
            told, late = settlements(ground, asked.settlements)
            parts.append(told)
        if asked.only != "settlements":
            told, too_slow = payout_run(ground, asked.partners, asked.accruals)
            parts.append(told)
            late = late or too_slow
        said = "\n\n".join([f"{ground.machine()}.", *parts, yardstick.measure(ground)])
    print(said)
    if asked.write:
        report.keep(PAGE, "payouts", said)
    return int(late)


def settlements(ground: Ground, count: int) -> tuple[str, bool]:
    """Settle late rentals one by one, of each kind in turns, so that a machine that slows down does so for all."""
    payout_network.fill(ground, partners=2, accruals=0)
    payout_network.end_agreement_of_second_venue(ground)
    warm_up = 30
    for number, (sn, _) in enumerate(SETTLEMENTS.values()):
        payout_network.add_late_rentals(ground, sn=sn, prefix=f"L{number}-", count=count + warm_up)
    app = create_app()
    took: dict[str, list[float]] = {name: [] for name in SETTLEMENTS}
    with app.app_context():
        _top_up(100 * (count + warm_up) * 1_000_000)
        due = {name: _rentals(f"L{number}-") for number, name in enumerate(SETTLEMENTS)}
        for turn in range(count + warm_up):
            for name, (_, shares) in SETTLEMENTS.items():
                revenue_changes.register_reactions(*((accruals.accrue_entries,) if shares else ()))
                began = time.perf_counter()
                with transaction():
                    settle_rental(due[name][turn], now=utcnow())
                if turn >= warm_up:
                    took[name].append((time.perf_counter() - began) * 1000)
        accrued = db.session.scalar(text("SELECT count(*) FROM partner_accruals"))
    if accrued != count + warm_up:
        raise RuntimeError(f"{accrued} accruals of {count + warm_up} settlements")
    first = statistics.median(took["without sharing"])
    lines = ["| a settlement | median, ms | against without |", "| --- | ---: | ---: |"]
    for name, each in took.items():
        median = statistics.median(each)
        lines.append(f"| {name} | {median:.2f} | {100 * (median / first - 1):+.1f} % |")
    more = 100 * (statistics.median(took["at a station with an agreement"]) / first - 1)
    return "\n".join(lines), more > MOST_MORE


def payout_run(ground: Ground, partners: int, count: int) -> tuple[str, bool]:
    """Make the payouts of a day in a process of its own, as one worker would."""
    payout_network.empty(ground)
    payout_network.fill(ground, partners=partners, accruals=count)
    postgres = ground.stack.postgres
    assert postgres is not None  # noqa: S101 (for the type checker)
    server = {"postgres": postgres.pid}
    before = costs.so_far(server)["postgres"]
    done = subprocess.run(
        [sys.executable, __file__, "--run"],
        cwd=ROOT,
        env=ground.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found = orjson.loads(done.stdout)
    time.sleep(1)  # the server counts what its session used once that has ended
    used = costs.so_far(server)["postgres"] - before
    lines = [
        f"A run over {partners:,} partners with {count:,} accruals of the day made {found['created']:,} payouts in"
        f" {found['seconds']:.1f} s by one worker, {found['first_megabytes']} MB large when it began and"
        f" {found['megabytes']} MB at its largest. Processor time: {found['used']:.1f} s of the worker, {used:.1f} s of"
        " the server.",
    ]
    return "\n".join(lines), found["created"] != partners or found["seconds"] > MOST_SECONDS * max(1, partners / 10_000)


def make_payouts() -> int:
    """Make the payouts of this moment, and print how long it took and how large the process became."""
    app = create_app()
    with app.app_context():
        slot = format_time(utcnow())
        before = _megabytes()
        began, used = time.perf_counter(), time.process_time()
        run_payouts(PlainRun(), slot=slot)  # type: ignore[arg-type]
        seconds, used = time.perf_counter() - began, time.process_time() - used
        created = db.session.scalar(text("SELECT count(*) FROM payouts"))
    found = {"created": created, "seconds": seconds, "used": used, "first_megabytes": before, "megabytes": _megabytes()}
    print(orjson.dumps(found).decode())
    return 0


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _top_up(amount: int) -> None:
    with transaction():
        ledger.post_entry(
            kind=EntryKind.TOPUP,
            key="bench",
            lines=[
                Line(gateway_account("khalti"), -amount),
                Line(user_account(Kind.USER_WALLET, UUID(PERSON)), amount),
            ],
            actor="bench",
        )


def _rentals(prefix: str) -> list[UUID]:
    query = text("SELECT id FROM rentals WHERE code LIKE :prefix || '%' ORDER BY id")
    found = list(db.session.scalars(query, {"prefix": prefix}))
    db.session.rollback()
    return found


if __name__ == "__main__":
    sys.exit(main())
