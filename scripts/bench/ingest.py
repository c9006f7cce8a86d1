#!/usr/bin/env python
"""Measures what one daemon process takes in: `python scripts/bench/ingest.py --write`.

Stations of `json-v1` with eight slots and six power banks send heartbeats at a fixed rate; each is durable before it is
acknowledged. Mosquitto, if it is on the PATH, else NATS; the sender is a process of its own.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import array
import io
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psutil
import psycopg2
from flask_migrate import upgrade

import config
from powerbank import create_app
from powerbank.base.db import new_id
from powerbank.stations.messages.message import digest_contents, format_measures
from powerbank.stations.protocols import json_v1
from powerbank.stations.protocols.events import Snapshot
from powerbank.stations.protocols.protocol import Decoded, StationFacts
from scripts.bench.parts.ingest_sender import BANKS, SLOTS, body, imei, serial
from scripts.bench.shared import environments, report
from scripts.stack.ports import free_ports
from scripts.stack.servers.placement import temporary_data_folder
from scripts.stack.stack import Stack

PAGE = environments.ROOT / "docs/performance.md"


PATIENCE = 10.0


class Result(NamedTuple):
    rate: float
    taken: int
    sent: int
    p50: float
    p99: float
    worst: float
    daemon_cpu: float  # microseconds for each message
    database_cpu: float
    rows: float  # written for each message


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stations", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rate", type=float, default=5_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--changing", type=float, nargs="+", default=[0.0, 0.1], help="share that changes a charge")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    lines = [
        "| stations | change a charge | asked for, /s | taken in, /s | lost | lag p50 | p99 | worst | daemon CPU each |"
        " PostgreSQL CPU each | rows written each |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    said = ""
    for count in arguments.stations:
        with servers() as stack:
            assert stack.broker is not None  # noqa: S101 (for the type checker)
            said = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, PostgreSQL 18, {stack.broker.kind}."
            fill(stack, count)
            for changing in arguments.changing:
                found = measure(stack, count, rate=arguments.rate, seconds=arguments.seconds, changing=changing)
                lines.append(
                    f"| {count:,} | {changing:.0%} | {arguments.rate:,.0f} | {found.rate:,.0f} |"
                    f" {found.sent - found.taken} | {found.p50 * 1000:.0f} ms | {found.p99 * 1000:.0f} ms |"
                    f" {found.worst * 1000:.0f} ms | {found.daemon_cpu:.0f} µs |"
                    f" {found.database_cpu:.0f} µs | {found.rows:.2f} |"
                )
                print(lines[-1], flush=True)
    text = "\n".join([said, "", *lines])
    print(text)
    if arguments.write:
        report.keep(PAGE, "ingest", text)
    return 0


@contextmanager
def servers() -> Iterator[Stack]:
    with temporary_data_folder() as folder, Stack(folder, free_ports(), replaced_by={}) as stack:
        os.environ.update(stack.environment() | {"POWERBANK_ENV": "test", "LOG_LEVEL": "WARNING"})
        app = create_app(config.load())
        with app.app_context():
            upgrade()
        yield stack


def fill(stack: Stack, count: int) -> None:
    """Make stations whose slots are as their first heartbeat will say."""
    tables: dict[str, io.StringIO] = {name: io.StringIO() for name in COLUMNS}

    def put(table: str, *values: object) -> None:
        tables[table].write("\t".join("\\N" if value is None else str(value) for value in values) + "\n")

    for number in range(count):
        station, name = new_id(), imei(number)
        snapshot = snapshot_of(number)
        put("stations", station, name, name, "x", "x", "x", 27.7, 85.3, "json-v1", "")
        put("station_live", station, name, "x", 27.7, 85.3, "t", "f", "UTC", BANKS, SLOTS - BANKS, "t", "1.0")
        put("station_state", station, 1, 1, "f", digest_contents(snapshot), format_measures(snapshot), 0, "2026-01-01Z")
        for slot in range(1, SLOTS + 1):
            held = serial(number, slot) if slot <= BANKS else None
            put("slots", station, slot, held, 95 if held else None)
            if held:
                bank = new_id()
                put("power_banks", bank, held)
                put("custody", new_id(), bank, "slot", station, slot, "x", "[2026-01-01Z,)")
    assert stack.postgres is not None  # noqa: S101 (for the type checker)
    connection = psycopg2.connect(stack.postgres.superuser_url("powerbank"))
    with connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table, rows in tables.items():
            rows.seek(0)
            cursor.copy_expert(f"COPY {table} ({COLUMNS[table]}) FROM STDIN", rows)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    connection.close()


COLUMNS = {
    "stations": "id, sn, imei, name, address, city, lat, lng, protocol, words",
    "station_live": "station_id, sn, name, lat, lng, active, maintenance, timezone, available_banks, free_slots,"
    " online, firmware",
    "station_state": "station_id, boot_id, seq, reports_maintenance, contents, measures, revision, snapshot_at",
    "slots": "station_id, number, bank_serial, charge",
    "power_banks": "id, serial",
    "custody": "id, bank_id, place, station_id, slot_number, cause, period",
}


def snapshot_of(number: int) -> Snapshot:
    topic = f"stations/{imei(number)}/heartbeat"
    found = json_v1.decode(topic, body(number, 1, 90, time.time()), datetime.now(UTC), StationFacts())
    assert isinstance(found, Decoded)  # noqa: S101 (for the type checker)
    return next(event for event in found.events if isinstance(event, Snapshot))


def measure(stack: Stack, stations: int, *, rate: float, seconds: float, changing: float) -> Result:
    assert stack.broker is not None  # noqa: S101 (for the type checker)
    assert stack.postgres is not None  # noqa: S101 (for the type checker)
    lags_at = stack.data_dir / "lags"
    environment = os.environ | stack.environment() | {"POWERBANK_ENV": "test", "LOG_LEVEL": "WARNING"}
    here = Path(__file__).parent / "parts"
    connection = psycopg2.connect(stack.postgres.superuser_url("powerbank"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE station_state SET seq = 1, revision = (SELECT revision FROM station_live AS l"
            " WHERE l.station_id = station_state.station_id)"
        )
        cursor.execute("VACUUM station_state")
        cursor.execute("CHECKPOINT")
        daemon = subprocess.Popen([sys.executable, str(here / "ingest_daemon.py"), str(lags_at)], env=environment)
        while not _one(cursor, "SELECT count(*) FROM heartbeats WHERE kind = 'mqtt' AND queues = '{listens}'"):
            time.sleep(0.1)
        time.sleep(2)
        listener = psutil.Process(daemon.pid)
        backends = [psutil.Process(pid) for pid in _backends(cursor)]
        cpu, database_cpu, rows = _spent([listener]), _spent(backends), _one(cursor, WRITTEN)
        words = [stack.broker.service_port, stack.broker.password, stations, rate, seconds, changing]
        began = time.monotonic()
        sender = [sys.executable, str(here / "ingest_sender.py"), *map(str, words)]
        subprocess.run(sender, check=True, stdout=subprocess.PIPE, env=environment)
        sent = int(rate * seconds)
        total = _settled(cursor, stations + sent)
        cpu, database_cpu = _spent([listener]) - cpu, _spent(backends) - database_cpu
        rows = _one(cursor, WRITTEN) - rows
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(30)
    connection.close()
    lags = array.array("d")
    with lags_at.open("rb") as file:
        lags.frombytes(file.read())
    ordered = sorted(lags)
    return Result(
        rate=len(ordered) / max(total - began, 0.1),
        taken=len(ordered),
        sent=sent,
        p50=ordered[len(ordered) // 2],
        p99=ordered[len(ordered) * 99 // 100],
        worst=ordered[-1],
        daemon_cpu=cpu / len(ordered) * 1e6,
        database_cpu=database_cpu / len(ordered) * 1e6,
        rows=rows / len(ordered),
    )


WRITTEN = "SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE relname ~ '^(station|slots)'"


def _settled(cursor: Any, sequences: int) -> float:
    """Return when the last message was applied, or, if some never are, when nothing has moved for ten seconds."""
    last, at = -1, time.monotonic()
    while last < sequences and time.monotonic() - at < PATIENCE:
        now = _one(cursor, "SELECT sum(seq) FROM station_state")
        if now != last:
            last, at = now, time.monotonic()
        time.sleep(0.1)
    return at


def _backends(cursor: Any) -> list[int]:
    """The daemon's, and those that write its pages out."""
    cursor.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    return [row[0] for row in cursor]


def _spent(processes: Iterable[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes if process.is_running()]
    return float(sum(each.user + each.system for each in times))


def _one(cursor: Any, query: str) -> Any:
    cursor.execute(query)
    return cursor.fetchone()[0]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    sys.exit(main())
