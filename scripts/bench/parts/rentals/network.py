"""The complete stack for benches of rentals: servers, the programs of the Procfile, stations that are simulated, and
people who may rent."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg2
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

import config
from powerbank import create_app
from powerbank.auth.people import sessions
from powerbank.auth.tokens import Tokens
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.ledger.movements import topups
from powerbank.ledger.services import Reference
from powerbank.stations.custody import registration
from powerbank.stations.packages.models import Package
from powerbank.stations.registry import services
from powerbank.users.models import User
from scripts.bench.shared import environments
from scripts.simulation import Simulator, StationSpec
from scripts.simulation.station import Pace
from scripts.stack import processes
from scripts.stack.ports import free_ports
from scripts.stack.servers.placement import temporary_data_folder
from scripts.stack.stack import Stack

ROOT = environments.ROOT
MAY_RENT = text("""UPDATE users SET first_name = 'S', last_name = 'R', date_of_birth = '1990-01-01', city = 'K',
                          address = 'A', kyc_status = 'approved' WHERE id = :id""")
WEB_PORT = free_ports().web
ALL_IS_DONE = "SELECT count(*) = 0 FROM outbox_jobs WHERE state = 'open' AND run_after <= now()"
NICE = re.compile(r"^nice -n \d+ ")
BESIDE = "load and cabinets"  # what is here only for the bench, in its own process


@contextmanager
def stack(*, names_at_the_database: bool = False, nice: bool = True) -> Iterator[tuple[Flask, Stack, dict[str, int]]]:
    """The application, its servers, and the pid of everything that works for it.

    With names at the database, each program is known there by its name in the Procfile. Without `nice` all programs
    have the same priority.
    """
    with temporary_data_folder() as folder, Stack(folder, free_ports(), replaced_by={}) as servers:
        environment = servers.environment() | {
            "POWERBANK_ENV": "test",
            "LOG_LEVEL": "WARNING",
            "PORT": str(WEB_PORT),
            "RATE_LIMIT_PER_MINUTE": "1000000",
        }
        os.environ.update(environment)
        app = create_app(config.load())
        with app.app_context():
            upgrade()
        running = {
            name: start(
                command if nice else NICE.sub("", command),
                {"PGAPPNAME": name.removesuffix(".1")} if names_at_the_database else {},
            )
            for name, command in processes.read([ROOT / "Procfile"], {})
        }
        pids = {name.removesuffix(".1"): process.pid for name, process in running.items()}
        pids |= {server.name: server.pid for server in servers.servers} | {BESIDE: os.getpid()}
        try:
            yield app, servers, pids
        finally:
            for process in running.values():
                process.terminate()
            for process in running.values():
                process.wait(20)


def start(command: str, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start a line of the Procfile with the programs of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(shlex.split(command), cwd=ROOT, env={**os.environ, "PATH": path, **environment})


def fill(
    app: Flask,
    servers: Stack,
    specs: list[StationSpec],
    people: int,
    *,
    minutes: int = 60,
    wallet: int = 100_00,
    models: tuple[str, ...] = ("prepaid",),
) -> tuple[list[Tokens], list[str]]:
    """Tokens of the people, and the packages, one of each payment model."""
    assert servers.broker is not None  # noqa: S101 (for the type checker)
    servers.broker.set_station_accounts((spec.mqtt.username, spec.mqtt.password) for spec in specs)
    tokens: list[Tokens] = []
    with app.app_context():
        with transaction():
            for spec in specs:
                services.register_station(
                    sn=spec.sn,
                    imei=spec.imei,
                    name=spec.sn,
                    address="x",
                    city="x",
                    lat=27.7,
                    lng=85.3,
                    slots=spec.slots,
                    protocol=spec.protocol,
                    now=utcnow(),
                )
                registration.register_banks(serials=spec.serials, model=None, now=utcnow())
        with transaction() as session:
            packages = [
                Package(
                    name=model,
                    duration_minutes=minutes,
                    price=50_00,
                    payment_model=model,
                    active=True,
                    unit_minutes=minutes if model == "postpaid" else None,
                    unit_price=50_00 if model == "postpaid" else None,
                )
                for model in models
            ]
            session.add_all(packages)
            session.flush()
            offered = [str(each.id) for each in packages]
        for number in range(people):
            with transaction() as session:
                user = User(id=new_id(), username=f"person{number}", referral_code=f"C{number}")
                session.add(user)
                session.flush()
                session.execute(MAY_RENT, {"id": user.id})
                topups.credit_topup(
                    user_id=user.id,
                    gateway="khalti",
                    amount=wallet,
                    key=str(uuid4()),
                    actor="bench",
                    reference=Reference("intent", str(uuid4())),
                )
                tokens.append(sessions.begin_session(user, user_agent="bench"))
        with transaction() as session:
            session.execute(text("DELETE FROM outbox_jobs WHERE state = 'open'"))
        db.session.remove()
    return tokens, offered


@contextmanager
def playing(servers: Stack, specs: list[StationSpec], *, speed: float = 1.0) -> Iterator[Simulator]:
    """All banks are seated when it begins."""
    assert servers.broker is not None  # noqa: S101 (for the type checker)
    simulator = Simulator(servers.broker.stations_url, specs, pace=Pace(heartbeat=30, eject=0.1, speed=speed))
    simulator.start()
    try:
        seated = sum(len(spec.serials) for spec in specs)
        on_their_places = "SELECT count(*) FROM custody WHERE place = 'slot' AND upper_inf(period)"
        wait(servers, f"SELECT ({on_their_places}) = {seated}", seconds=300)
        wait(servers, ALL_IS_DONE, seconds=300)
        assert servers.postgres is not None  # noqa: S101 (for the type checker)
        connection = psycopg2.connect(servers.postgres.superuser_url("powerbank"))
        with connection, connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as the server has done by itself in a network that is older than a minute
        connection.close()
        yield simulator
    finally:
        simulator.stop()


def wait(servers: Stack, holds: str, seconds: float = 120, pause: float = 0.5) -> None:
    deadline = time.monotonic() + seconds
    while not query(servers, holds)[0][0]:
        if time.monotonic() > deadline:
            raise TimeoutError(holds)
        time.sleep(pause)


def query(servers: Stack, statement: str) -> list[tuple]:  # type: ignore[type-arg]
    assert servers.postgres is not None  # noqa: S101 (for the type checker)
    connection = psycopg2.connect(servers.postgres.owner_url())
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())
    finally:
        connection.close()
