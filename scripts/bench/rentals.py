#!/usr/bin/env python
"""How long a start takes on the complete stack, step by step: `python scripts/bench/rentals.py --write`.

The web server, workers, scheduler and daemon of the Procfile, a broker, and simulated cabinets. People start rentals
over HTTP at a fixed rate, each once. The steps are read from the database: when the request was taken, when the command
went out, when the station's answer was applied.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import psycopg2
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

import config
from powerbank import create_app
from powerbank.auth import sessions
from powerbank.db import db, new_id, transaction, utcnow
from powerbank.ledger import topups
from powerbank.ledger.services import Reference
from powerbank.stations import banks, services
from powerbank.stations.package_models import Package
from powerbank.users.models import User
from scripts.bench import environments, report
from scripts.simulation import Simulator, StationSpec, generate
from scripts.simulation.station import Pace
from scripts.stack import Stack, free_ports, temporary_data_folder

ROOT = environments.ROOT
PAGE = ROOT / "docs/performance.md"
PROGRAMS = (
    ["gunicorn", "--config", "deploy/gunicorn.py", "wsgi:app"],
    ["scripts/worker.py", "critical", "payments"],
    ["scripts/worker.py", "iot", "notifications"],
    ["scripts/worker.py", "default", "analytics", "cleanup"],
    ["scripts/scheduler.py"],
    ["scripts/mqtt_daemon.py"],
)
MAY_RENT = text("""UPDATE users SET first_name = 'S', last_name = 'R', date_of_birth = '1990-01-01', city = 'K',
                          address = 'A', kyc_status = 'approved' WHERE id = :id""")
STEPS = {
    "request answered": None,
    "asked until the command went out": "c.sent_at - r.created_at",
    "command out until its answer was applied": "c.finished_at - c.sent_at",
    "answer applied until the rental was active": "e.noted_at - c.finished_at",
    "asked until active, in all": "e.noted_at - r.created_at",
}
WEB_PORT = free_ports().web


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=20, help="starts a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--stations", type=int, default=120)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    count = round(arguments.rate * arguments.seconds)
    with stack() as (app, servers):
        specs = generate(arguments.stations, seed=1).stations
        tokens, package = fill(app, servers, specs, count)
        with playing(servers, specs):
            seated = sum(len(spec.serials) for spec in specs)
            wait(servers, f"SELECT sum(available_banks) = {seated} FROM station_live")  # noqa: S608
            wait(servers, "SELECT count(*) = 0 FROM outbox_jobs WHERE state = 'open' AND run_after <= now()")
            took, answers = start_all(tokens, specs, package, arguments.rate)
            open_ones = "SELECT count(*) = 0 FROM rentals WHERE status IN ('pending', 'ejecting')"
            wait(servers, open_ones)
            found = table(servers, took)
    ended = ", ".join(f"{number:,} {what}" for what, number in sorted(answers.items()))
    said = (
        f"{os.cpu_count()} cores, {arguments.rate:g} starts a second for {arguments.seconds:g} s, {len(specs)} stations"
        f" of eight slots; answers: {ended}."
    )
    shown = "\n".join([said, "", *found])
    print(shown)
    if arguments.write:
        report.keep(PAGE, "rentals", shown)
    return 0


@contextmanager
def stack() -> Iterator[tuple[Flask, Stack]]:
    with temporary_data_folder() as folder, Stack(folder, free_ports(), replaced_by={}) as servers:
        environment = servers.environment() | {
            "POWERBANK_ENV": "test", "LOG_LEVEL": "WARNING", "PORT": str(WEB_PORT), "RATE_LIMIT_PER_MINUTE": "1000000",
        }  # fmt: skip
        os.environ.update(environment)
        app = create_app(config.load())
        with app.app_context():
            upgrade()
        running = [start(program) for program in PROGRAMS]
        try:
            yield app, servers
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(20)


def start(program: list[str]) -> "subprocess.Popen[bytes]":
    interpreter = Path(sys.executable)
    nice = ["nice", "-n", "10"] if "default" in program else []  # as the Procfile has it
    command = [str(interpreter.with_name("gunicorn")), *program[1:]] if program[0] == "gunicorn" else [
        sys.executable, *program]  # fmt: skip
    return subprocess.Popen([*nice, *command], cwd=ROOT, env=os.environ.copy())


def fill(app: Flask, servers: Stack, specs: list[StationSpec], people: int) -> tuple[list[str], str]:
    assert servers.broker is not None  # noqa: S101 (for the type checker)
    servers.broker.set_station_accounts((spec.mqtt.username, spec.mqtt.password) for spec in specs)
    tokens: list[str] = []
    with app.app_context():
        with transaction():
            for spec in specs:
                services.register(
                    sn=spec.sn, imei=spec.imei, name=spec.sn, address="x", city="x", lat=27.7, lng=85.3,
                    slots=spec.slots, protocol=spec.protocol, now=utcnow(),
                )  # fmt: skip
                banks.register(serials=spec.serials, model=None, now=utcnow())
        with transaction() as session:
            package = Package(name="p", duration_minutes=60, price=50_00, payment_model="prepaid", active=True)
            session.add(package)
            session.flush()
            package_id = str(package.id)
        for number in range(people):
            with transaction() as session:
                user = User(id=new_id(), username=f"person{number}", referral_code=f"C{number}")
                session.add(user)
                session.flush()
                session.execute(MAY_RENT, {"id": user.id})
                topups.credit(
                    user_id=user.id, gateway="khalti", amount=100_00, key=str(uuid4()), actor="bench",
                    reference=Reference("intent", str(uuid4())),
                )  # fmt: skip
                tokens.append(sessions.begin(user, user_agent="bench").access_token)
        with transaction() as session:
            session.execute(text("DELETE FROM outbox_jobs WHERE state = 'open'"))
        db.session.remove()
    return tokens, package_id


@contextmanager
def playing(servers: Stack, specs: list[StationSpec]) -> Iterator[None]:
    assert servers.broker is not None  # noqa: S101 (for the type checker)
    simulator = Simulator(servers.broker.url, specs, pace=Pace(heartbeat=30, eject=0.1))
    simulator.start()
    try:
        yield
    finally:
        simulator.stop()


def start_all(
    tokens: list[str], specs: list[StationSpec], package: str, rate: float
) -> tuple[list[float], Counter[str]]:
    """Each person at their own moment, whether or not those before have their answer."""
    took: list[float] = []
    answers: Counter[str] = Counter()
    guard = threading.Lock()
    began = time.monotonic() + 1

    def one(number: int) -> None:
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        body = {"station_sn": specs[number % len(specs)].sn, "package_id": package, "payment_method": "wallet_only"}
        request = urllib.request.Request(
            f"http://127.0.0.1:{WEB_PORT}/api/rentals/initiate", data=json.dumps(body).encode(), method="POST",
            headers={"Authorization": f"Bearer {tokens[number]}", "Content-Type": "application/json",
                     "Idempotency-Key": str(uuid4())},
        )  # fmt: skip
        asked = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (the address is ours)
                said = str(answer.status)
        except urllib.error.HTTPError as refused:
            said = json.load(refused).get("code", str(refused.code))
        with guard:
            took.append(time.monotonic() - asked)
            answers[said] += 1

    with ThreadPoolExecutor(max_workers=32) as pool:
        list(pool.map(one, range(len(tokens))))
    return took, answers


def table(servers: Stack, took: list[float]) -> list[str]:
    lines = ["| step | p50 | p99 | worst |", "| --- | ---: | ---: | ---: |"]
    for title, span in STEPS.items():
        times = sorted(took if span is None else spans(servers, span))
        shown = (times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))], times[-1])
        lines.append(f"| {title} | " + " | ".join(f"{value * 1000:.0f} ms" for value in shown) + " |")
    ends = query(servers, "SELECT status, count(*) FROM rentals GROUP BY 1 ORDER BY 1")
    books = query(servers, "SELECT coalesce(sum(amount), 0) FROM ledger_postings")[0][0]
    lines += [
        "",
        "Rentals afterwards: " + ", ".join(f"{row[1]} {row[0]}" for row in ends) + f"; the books sum to {books}.",
    ]
    return lines


def spans(servers: Stack, span: str) -> list[float]:
    return [row[0] for row in query(servers, f"""
        SELECT extract(epoch FROM {span})::float FROM rentals r JOIN station_commands c ON c.id = r.command_id
          JOIN rental_events e ON e.rental_id = r.id AND e.to_status = 'active' WHERE r.attempts = 1
    """)]  # noqa: S608 (the spans are ours)  # fmt: skip


def wait(servers: Stack, holds: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not query(servers, holds)[0][0]:
        if time.monotonic() > deadline:
            raise TimeoutError(holds)
        time.sleep(0.5)


def query(servers: Stack, statement: str) -> list[tuple]:  # type: ignore[type-arg]
    assert servers.postgres is not None  # noqa: S101 (for the type checker)
    connection = psycopg2.connect(servers.postgres.owner_url())
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
