#!/usr/bin/env python
"""What becomes of starts when far more people want one than can be served: `python scripts/bench/stampede.py --write`.

The complete stack with simulated cabinets. After a calm beginning, people ask for 200 starts a second for a minute. It
shows how long those took that were accepted, how soon the others were told, whether anything was lost or doubled, and
how long a start takes ten seconds after the end.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from scripts.bench.parts.rentals.network import ALL_IS_DONE, WEB_PORT, fill, playing, query, stack, wait
from scripts.bench.rentals import WARM_UP, heard_by
from scripts.bench.shared import environments, report
from scripts.simulation import generate
from scripts.stack.stack import Stack

PAGE = environments.ROOT / "docs/performance.md"
CALM_RATE, CALM_SECONDS = 5.0, 10.0
NORMAL_AFTER = 10.0  # seconds after the end of the stampede
DOUBLED = "SELECT count(*) FROM (SELECT user_id FROM rentals GROUP BY user_id HAVING count(*) > 1) AS twice"
HELD = """SELECT count(*) FROM bank_reservations b LEFT JOIN rentals r ON r.id = b.rental_id
           LEFT JOIN reservations k ON k.id = b.rental_id WHERE r.id IS NULL AND k.id IS NULL"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=200, help="starts a second that are wanted")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--stations", type=int, default=300)
    parser.add_argument("--people", type=int, default=1500)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    said = stampede(arguments)
    print(said)
    if arguments.write:
        report.keep(PAGE, "stampede", said)
    return 0


def stampede(arguments: argparse.Namespace) -> str:
    calm = round(CALM_RATE * CALM_SECONDS)
    with stack() as (app, servers, _):
        specs = generate(arguments.stations, seed=1).stations
        people, [package] = fill(app, servers, specs, arguments.people + WARM_UP + calm)
        tokens = [each.access_token for each in people]
        plan = {"stations": [spec.sn for spec in specs], "package": package}
        with playing(servers, specs) as simulator:

            def rush(tokens: Sequence[str], rate: float, seconds: float) -> list[dict[str, Any]]:
                return ask(plan | {"tokens": list(tokens), "rate": rate, "seconds": seconds})

            rush(tokens[:WARM_UP], CALM_RATE, WARM_UP / CALM_RATE)
            wait(servers, ALL_IS_DONE)
            crowd = rush(tokens[WARM_UP + calm :], arguments.rate, arguments.seconds)
            time.sleep(NORMAL_AFTER)
            after = rush(tokens[WARM_UP : WARM_UP + calm], CALM_RATE, CALM_SECONDS)
            with suppress(TimeoutError):  # what is not settled by then is counted below
                wait(servers, "SELECT count(*) = 0 FROM rentals WHERE status IN ('pending', 'ejecting')", seconds=90)
            heard = heard_by(simulator)
            lines = [*table(crowd, after, heard), "", *counted(servers, crowd + after, heard)]
    head = (
        f"{os.cpu_count()} cores with everything on them, the load too; {arguments.rate:g} starts a second wanted for"
        f" {arguments.seconds:g} s, {len(specs)} stations, {arguments.people} people who ask again."
    )
    return "\n".join([head, "", *lines])


def ask(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The load is a process of its own, beside the cabinets in this one."""
    command = [sys.executable, "-m", "scripts.bench.parts.rentals.stampede", f"127.0.0.1:{WEB_PORT}"]
    done = subprocess.run(
        command, input=json.dumps(plan), capture_output=True, text=True, check=True, cwd=environments.ROOT
    )
    sys.stderr.write(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def table(crowd: list[dict[str, Any]], after: list[dict[str, Any]], heard: dict[str, float]) -> list[str]:
    rows = {
        "accepted, from the tap until the cabinet had the command": times_to_cabinet(crowd, heard),
        "accepted, until the answer": [each["ended"] - each["began"] for each in crowd if each["rental_id"]],
        "refused, until the answer": [
            each["ended"] - each["began"] for each in crowd if each["code"] == "starts_refused"
        ],
        f"{NORMAL_AFTER:g} s after the end, until the cabinet had the command": times_to_cabinet(after, heard),
    }
    lines = ["| | number | p50 | p99 | longest |", "| --- | ---: | ---: | ---: | ---: |"]
    for title, found in rows.items():
        times = sorted(found) or [float("nan")]
        shown = (times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))], times[-1])
        lines.append(f"| {title} | {len(found):,} | " + " | ".join(f"{each * 1000:.0f} ms" for each in shown) + " |")
    return lines


def times_to_cabinet(answers: list[dict[str, Any]], heard: dict[str, float]) -> list[float]:
    return [heard[each["rental_id"]] - each["began"] for each in answers if each["rental_id"] in heard]


def counted(servers: Stack, answers: list[dict[str, Any]], heard: dict[str, float]) -> list[str]:
    accepted = [each["rental_id"] for each in answers if each["rental_id"]]
    codes = Counter(each["code"] for each in answers if not each["rental_id"])
    ends = query(servers, "SELECT status, count(*) FROM rentals GROUP BY 1 ORDER BY 1")
    books = query(servers, "SELECT coalesce(sum(amount), 0) FROM ledger_postings")[0][0]
    waits = Counter(each["retry_after"] for each in answers if each["code"] == "starts_refused")
    return [
        f"Accepted {len(accepted):,}, of which {sum(each not in heard for each in accepted)} never reached a cabinet; "
        f"people with two rentals {query(servers, DOUBLED)[0][0]}; power banks held for no rental "
        f"{query(servers, HELD)[0][0]}; the books sum to {books}.",
        "Other answers: " + (", ".join(f"{number:,} {code}" for code, number in codes.most_common()) or "none") + ".",
        f"`Retry-After` from {min(waits, default=0)} to {max(waits, default=0)} s.",
        "Rentals afterwards: " + ", ".join(f"{row[1]:,} {row[0]}" for row in ends) + ".",
    ]


if __name__ == "__main__":
    sys.exit(main())
