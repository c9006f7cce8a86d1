#!/usr/bin/env python
"""How long a start takes on the complete stack, step by step: `python scripts/bench/rentals.py --write`.

The web server, workers, scheduler and daemon of the Procfile, a broker, and simulated cabinets. People start rentals
over HTTP at a fixed rate, each once. The steps are read from the database: when the request was taken, when the command
went out, when the station's answer was applied.

`--life` measures what a rental costs from its start to its points instead, at a rate at which nothing queues
(`--rate 3`), `--profile` what of each program costs most. Both take about five minutes.

`--day` lets a whole day pass instead, at 60-fold speed, and looks at what is left over. `--day --stations 1000` takes
24 minutes and a few more.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from uuid import uuid4

from powerbank.auth.tokens import Tokens
from scripts.bench.life.run import whole_lives
from scripts.bench.parts.rentals.aftermath import aftermath
from scripts.bench.parts.rentals.day import MISHAPS, Day, Person
from scripts.bench.parts.rentals.network import ALL_IS_DONE, WEB_PORT, fill, playing, query, stack, wait
from scripts.bench.shared import costs, environments, report
from scripts.simulation import Simulator, StationSpec, generate
from scripts.stack.stack import Stack

WARM_UP = 40  # starts, gently, of programs that have just started and do each thing for the first time
WARM_UP_RATE = 5.0
PAGE = environments.ROOT / "docs/performance.md"
STEPS = {
    "rental made until the command was noted as sent": "c.sent_at - r.created_at",
    "command noted until its answer was applied": "c.finished_at - c.sent_at",
    "answer applied until the rental was active": "e.noted_at - c.finished_at",
    "rental made until active, in all": "e.noted_at - r.created_at",
}


class Asked(NamedTuple):
    """A request that was answered, by the clock of the machine that all of this runs on."""

    rental_id: str | None
    began: float
    ended: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, help="starts a second: 20, or 3 with --life")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--stations", type=int, default=240)
    parser.add_argument("--life", action="store_true", help="measure the cost of a rental's whole life")
    parser.add_argument("--profile", action="store_true", help="with --life, also where each program spends its time")
    parser.add_argument("--keep", metavar="FOLDER", help="with --life, write all that was counted into this folder")
    parser.add_argument("--day", action="store_true", help="let a day pass")
    parser.add_argument("--speed", type=float, default=60, help="of the day")
    parser.add_argument("--rentals", type=int, default=6, help="of each station on that day")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    arguments.rate = arguments.rate or (3 if arguments.life else 20)
    failed = False
    if arguments.life:
        texts = whole_lives(arguments)
    elif arguments.day:
        said, failed = one_day(arguments)
        texts = {"rental-day": said}
    else:
        texts = {"rentals": starts(arguments)}
    for name, said in texts.items():
        print(said)
        if arguments.write:
            report.keep(PAGE, name, said)
    return int(failed)


def starts(arguments: argparse.Namespace) -> str:
    count = WARM_UP + round(arguments.rate * arguments.seconds)
    with stack() as (app, servers, programs):
        specs = generate(arguments.stations, seed=1).stations
        tokens, [package] = fill(app, servers, specs, count)
        with playing(servers, specs) as simulator:
            before = costs.so_far(programs)
            asked, answers = start_all(tokens, specs, package, arguments.rate)
            wait(servers, "SELECT count(*) = 0 FROM rentals WHERE status IN ('pending', 'ejecting')")
            wait(servers, ALL_IS_DONE)
            spent = costs.table(before, costs.so_far(programs), number=count, what="start")
            found = [*table(servers, asked, heard_by(simulator), since=asked[WARM_UP].began), "", *spent]
    ended = ", ".join(f"{number:,} {what}" for what, number in sorted(answers.items()))
    said = (
        f"{os.cpu_count()} cores, {arguments.rate:g} starts a second for {arguments.seconds:g} s, {len(specs)} stations"
        f" of eight slots, warmed up by {WARM_UP} before; answers: {ended}."
    )
    return "\n".join([said, "", *found])


def one_day(arguments: argparse.Namespace) -> tuple[str, bool]:
    """What is shown, and whether anything is stuck or does not balance."""
    rentals = arguments.rentals * arguments.stations
    cabinets = max(1, arguments.stations // 5)
    specs = generate(arguments.stations - cabinets, seed=1).stations
    specs += generate(cabinets, protocol="volinks-v1", seed=2).stations
    began = time.monotonic()
    with stack() as (app, servers, _):
        tokens, packages = fill(
            app,
            servers,
            specs,
            min(rentals, max(100, rentals // 3)),
            minutes=max(1, round(60 / arguments.speed)),
            wallet=5000_00,
            models=("prepaid", "postpaid"),
        )
        with playing(servers, specs, speed=arguments.speed) as simulator:
            people = [Person(each.access_token, each.refresh_token) for each in tokens]
            address = f"http://127.0.0.1:{WEB_PORT}"
            day = Day(simulator, specs, people, packages, url=address, speed=arguments.speed)
            for name, rate in MISHAPS.items():
                for station in simulator:
                    station.fault(name, rate=rate)
            day.pass_by(rentals)
            for station in simulator:
                station.clear_faults()
            left = aftermath(servers, day)
    lines, failed = left
    said = (
        f"{os.cpu_count()} cores; a day of {len(specs):,} stations of eight slots at {arguments.speed:g}-fold speed,"
        f" {rentals:,} rentals wanted, {(time.monotonic() - began) / 60:.0f} minutes with all that belongs to it."
    )
    return "\n".join([said, "", *lines]), failed


def start_all(
    tokens: list[Tokens], specs: list[StationSpec], package: str, rate: float
) -> tuple[list[Asked], Counter[str]]:
    """Start each rental at its own moment, whether or not the requests before it were answered."""
    asked: list[Asked] = []
    answers: Counter[str] = Counter()
    guard = threading.Lock()
    began = time.monotonic() + 1

    def one(number: int) -> None:
        after = number / WARM_UP_RATE if number < WARM_UP else WARM_UP / WARM_UP_RATE + (number - WARM_UP) / rate
        time.sleep(max(0.0, began + after - time.monotonic()))
        body = {"station_sn": specs[number % len(specs)].sn, "package_id": package, "payment_method": "wallet_only"}
        request = urllib.request.Request(
            f"http://127.0.0.1:{WEB_PORT}/api/rentals/initiate",
            data=json.dumps(body).encode(),
            method="POST",
            headers={
                "Authorization": f"Bearer {tokens[number].access_token}",
                "Content-Type": "application/json",
                "Idempotency-Key": str(uuid4()),
            },
        )
        rental_id, start = None, time.time()
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (the address is ours)
                said, rental_id = str(answer.status), json.load(answer)["rental_id"]
        except urllib.error.HTTPError as refused:
            said = json.load(refused).get("code", str(refused.code))
        with guard:
            asked.append(Asked(rental_id, start, time.time()))
            answers[said] += 1

    with ThreadPoolExecutor(max_workers=32) as pool:
        list(pool.map(one, range(len(tokens))))
    return sorted(asked, key=lambda each: each.began), answers


def heard_by(simulator: Simulator) -> dict[str, float]:
    """Return when the cabinet received the first command of each rental."""
    commands = [each for station in simulator for each in station.traffic("down")]
    rentals = [(json.loads(each.payload)["parameters"].get("rental_id"), each.at.timestamp()) for each in commands]
    return {rental_id: at for rental_id, at in sorted(rentals, key=lambda each: -each[1]) if rental_id is not None}


def table(servers: Stack, asked: list[Asked], heard: dict[str, float], *, since: float) -> list[str]:
    asked = [each for each in asked if each.began >= since]
    lines = ["| step | p50 | p99 | worst |", "| --- | ---: | ---: | ---: |"]
    found = {
        "request answered": [each.ended - each.began for each in asked],
        "asked until the cabinet had the command": [
            heard[each.rental_id] - each.began for each in asked if each.rental_id in heard
        ],
    }
    for title, each in (found | {title: spans(servers, span, since) for title, span in STEPS.items()}).items():
        times = sorted(each)
        shown = (times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))], times[-1])
        lines.append(f"| {title} | " + " | ".join(f"{value * 1000:.0f} ms" for value in shown) + " |")
    ends = query(servers, "SELECT status, count(*) FROM rentals GROUP BY 1 ORDER BY 1")
    books = query(servers, "SELECT coalesce(sum(amount), 0) FROM ledger_postings")[0][0]
    lines += [
        "",
        "Rentals afterwards: " + ", ".join(f"{row[1]} {row[0]}" for row in ends) + f"; the books sum to {books}.",
    ]
    return lines


def spans(servers: Stack, span: str, since: float) -> list[float]:
    statement = f"""
        SELECT extract(epoch FROM {span})::float FROM rentals r JOIN station_commands c ON c.id = r.command_id
          JOIN rental_events e ON e.rental_id = r.id AND e.to_status = 'active' WHERE r.attempts = 1
           AND r.created_at >= to_timestamp({since})
    """  # noqa: S608 (the spans are ours)
    return [row[0] for row in query(servers, statement)]


if __name__ == "__main__":
    sys.exit(main())
