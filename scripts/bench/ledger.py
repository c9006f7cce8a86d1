#!/usr/bin/env python
"""Measures the ledger beside pgbench on the same server: `python scripts/bench/ledger.py --write`.

Top-ups and hold-and-capture pairs at several numbers of clients, a storm of opposing transfers, and reads of a
ledger with millions of postings.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import json
import os
import statistics
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial

from flask import Flask

from scripts.bench.parts.ledger import plain as ledger_plain
from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import Ground, servers, speed

PAGE = ROOT / "docs/performance.md"
CLIENTS = (1, 8, 16, 50)
PROCESSES = 4  # at most; the clients of one are its threads, as in gunicorn
STORM, QUICK_STORM = 10_000, 300
OURS = {"Powerbank: top-ups": "topup", "Powerbank: hold and capture, pairs": "pair"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round: to see that it works")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postings", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    arguments = parser.parse_args()
    seconds, rounds = (1.0, 1) if arguments.quick else (5.0, arguments.rounds)
    with servers() as ground:
        _people(ground)
        paragraphs = [
            f"{ground.machine()}.",
            _speeds(ground, seconds, rounds),
            _storm(ground, seconds, QUICK_STORM if arguments.quick else STORM),
        ]
        sizes = [60_000] if arguments.quick else arguments.postings
        if sizes:
            paragraphs.append(_reads(ground, sizes))
        text = "\n\n".join(paragraphs)
    print(text)
    if arguments.write:
        report.keep(PAGE, "ledger", text)
    return 0


def _people(ground: Ground) -> None:
    """Make people with a wallet that outlasts the measurement."""
    from scripts.bench.parts.ledger import clients

    ground.as_superuser(ledger_plain.PEOPLE_ROWS)
    with _application(ground).app_context():
        for number in range(clients.PEOPLE):
            clients.top_up(number, 10_000_000_00)
    ground.as_superuser(ledger_plain.TABLES, "VACUUM ANALYZE", "CHECKPOINT")


def _speeds(ground: Ground, seconds: float, rounds: int) -> str:
    figures: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    runs: dict[str, Callable[[int], float]] = {
        title: partial(_pgbench, ground, script, seconds) for title, script in ledger_plain.SCRIPTS.items()
    }
    runs |= {title: partial(_ours, ground, verb, seconds) for title, verb in OURS.items()}
    for number in range(rounds):
        for clients in CLIENTS:
            for title, run in runs.items():  # in turns: a machine that slows down does so for everybody
                rate = run(clients)
                figures[title][clients].append(rate)
                print(f"round {number + 1}: {clients} clients: {title}: {rate:,.0f}/s", file=sys.stderr, flush=True)
    lines = [
        "| a second, median | " + " | ".join(f"{clients} clients" for clients in CLIENTS) + " |",
        "| --- |" + " ---: |" * len(CLIENTS),
    ]
    for title, by_clients in figures.items():
        cells = [f"{statistics.median(by_clients[clients]):,.0f}" for clients in CLIENTS]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _pgbench(ground: Ground, script: str, seconds: float, clients: int) -> float:
    threads = str(min(clients, os.cpu_count() or 1))
    return speed(ground.run_pgbench(script, "-c", str(clients), "-j", threads, "-T", str(max(1, round(seconds)))))


def _ours(ground: Ground, verb: str, seconds: float, clients: int) -> float:
    rate, refused = _run(ground, verb, seconds, clients)
    if refused:
        raise RuntimeError(f"{verb}: {refused}")
    return rate


def _run(ground: Ground, verb: str, seconds: float, clients: int) -> tuple[float, Counter[str]]:
    """Starts the clients' processes, lets them go together, and adds up what they did."""
    count = min(clients, PROCESSES)
    shares = [clients // count + (number < clients % count) for number in range(count)]
    processes = [_start(ground, verb, share, seconds) for share in shares]
    for process in processes:
        assert process.stdout is not None  # noqa: S101 (for the type checker)
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None  # noqa: S101 (for the type checker)
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [json.loads(process.communicate(timeout=seconds + 60)[0]) for process in processes]
    return sum(each["rate"] for each in said), sum((Counter(each["refused"]) for each in said), Counter[str]())


def _start(ground: Ground, verb: str, clients: int, seconds: float) -> "subprocess.Popen[str]":
    environment = ground.environment | {"DATABASE_POOL_SIZE": str(clients)}
    command = [sys.executable, "-m", "scripts.bench.parts.ledger.clients", verb, str(clients), str(seconds)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _storm(ground: Ground, seconds: float, enough: int) -> str:
    """Transfer back and forth between few people until there are enough transfers."""
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = 'powerbank'"
    transfers = "SELECT count(*) FROM ledger_entries WHERE kind = 'transfer'"
    before, rates, refused = int(str(ground.as_superuser(query))), [], Counter[str]()
    while int(str(ground.as_superuser(transfers))) < enough:
        rate, others = _run(ground, "transfer", seconds, 16)
        rates.append(rate)
        refused += others
    done = int(str(ground.as_superuser(transfers)))
    ground.as_superuser("SELECT pg_stat_force_next_flush()")
    deadlocks = int(str(ground.as_superuser(query))) - before
    return (
        f"{done:,} transfers in random directions between 20 people, 16 clients: {statistics.median(rates):,.0f}/s, "
        f"{deadlocks} deadlocks, {sum(refused.values())} refused."
    )


def _reads(ground: Ground, sizes: list[int]) -> str:
    from scripts.bench.parts.ledger import history

    columns = {}
    with _application(ground).app_context():
        for size in sizes:
            history.fill(ground, size)
            columns[size] = history.timings()
            print(f"{size:,} postings: {columns[size]}", file=sys.stderr, flush=True)
    titles = next(iter(columns.values()))
    lines = [
        "| milliseconds, median | " + " | ".join(f"{size:,} postings" for size in sizes) + " |",
        "| --- |" + " ---: |" * len(sizes),
    ]
    lines += [f"| {title} | " + " | ".join(f"{columns[size][title]:,.1f}" for size in sizes) + " |" for title in titles]
    return "\n".join(lines)


def _application(ground: Ground) -> Flask:
    from powerbank import create_app

    os.environ.update(ground.environment | {"DATABASE_STATEMENT_TIMEOUT_MS": "0"})
    return create_app()


if __name__ == "__main__":
    sys.exit(main())
