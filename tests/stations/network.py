"""Run a network for one test: servers, stations at a real broker, and daemons as processes."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import paho.mqtt.client as mqtt
import psycopg2
from flask import Flask
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import text

import config
from powerbank import create_app
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import registration
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, Whereabouts
from powerbank.stations.registry import services
from scripts.simulation import StationSpec
from scripts.stack.servers.broker import EmbeddedBroker
from scripts.stack.servers.postgres import EmbeddedPostgres
from scripts.stack.servers.redis import EmbeddedRedis
from scripts.stack.stack import Stack
from tests.databases import data_folder, server_went_away, stack_in
from tests.nursery import Nursery, Running


class Network:
    def __init__(self, stack: Stack, app: Flask, nursery: Nursery, environment: dict[str, str], folder: Path) -> None:
        assert stack.postgres is not None
        assert stack.redis is not None
        self.postgres: EmbeddedPostgres = stack.postgres
        self.redis: EmbeddedRedis = stack.redis
        self._broker = stack.broker
        self.app, self.environment, self.folder = app, environment, folder
        self._nursery = nursery
        self._processes: list[Running] = []
        self._own: psycopg2.extensions.connection | None = None
        self.ids: dict[str, UUID] = {}

    @property
    def broker(self) -> EmbeddedBroker:
        assert self._broker is not None
        return self._broker

    def register(self, specs: list[StationSpec]) -> None:
        """Register stations in the registry and at the broker."""
        self.broker.set_station_accounts((spec.mqtt.username, spec.mqtt.password) for spec in specs)
        with self.app.app_context(), transaction():
            for spec in specs:
                station, _ = services.register_station(
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
                self.ids[spec.imei] = station.id
                if spec.serials:
                    registration.register_banks(serials=spec.serials, model=None, now=utcnow())

    def rented_out(self, serials: list[str]) -> None:
        """Register power banks that people have, each in a rental of its own."""
        with self.app.app_context(), transaction():
            registration.register_banks(serials=serials, model=None, now=utcnow())
            for serial in serials:
                banks.move_bank(
                    custody_queries.lock_bank(serial).id,
                    Whereabouts(Place.USER, rental_id=new_id()),
                    at=utcnow(),
                    cause="x",
                )

    def daemon(self) -> Running:
        return self.start("daemon")

    def shipped_daemon(self, **environment: str) -> Running:
        """Start the daemon as it is delivered. The other one leaves a job of the tests for each event."""
        return self.start("shipped daemon", **environment)

    def worker(self) -> Running:
        return self.start("worker", "all")

    def scheduler(self) -> Running:
        return self.start("scheduler")

    def start(self, program: str, *arguments: str, **environment: str) -> Running:
        log = self.folder / f"{program}.log"
        running = self._nursery.start(program, list(arguments), self.environment | environment, log)
        self._processes.append(running)
        return running

    def listening(self) -> set[int]:
        """Return the process ids of the daemons whose heartbeats say that they listen."""
        return {
            row[0]
            for row in self.rows(
                "SELECT pid FROM heartbeats WHERE kind = 'mqtt' AND queues = '{listens}'"
                " AND seen_at > now() - interval '3 s'"
            )
        }

    def close(self) -> None:
        for process in self._processes:
            process.resume()
            process.kill()
        self._hang_up()

    def log(self, name: str = "daemon") -> str:
        path = self.folder / f"{name}.log"
        return path.read_text()[-4000:] if path.exists() else ""

    def rows(self, query: str) -> list[Any]:
        """Read rows beside the application's pool. The list is empty while the database is away."""
        try:
            if self._own is None:  # kept: it is asked ten times a second, and each one costs the server a process
                self._own = psycopg2.connect(self.postgres.owner_url())
                self._own.autocommit = True
            with self._own.cursor() as cursor:
                cursor.execute(query)
                return list(cursor.fetchall())
        except psycopg2.Error as error:
            if not server_went_away(error):
                raise
            self._hang_up()
            return []

    def _hang_up(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None

    def value(self, query: str) -> Any:
        found = self.rows(query)
        return found[0][0] if found else None

    def wait(self, holds: Callable[[], object], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{self.log()}"
            time.sleep(0.1)


class Load:
    """Publishes messages in a thread as the service account.

    The next message is sent once the broker has the one before it, since paho keeps no order over a connection that
    breaks.
    """

    def __init__(self, broker: EmbeddedBroker, messages: Iterator[tuple[str, dict[str, Any]]], rate: float) -> None:
        self._broker, self._messages, self._rate = broker, messages, rate
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._taken = threading.Semaphore(0)
        self.done = threading.Event()
        self.failed = True

    def start(self) -> "Load":
        self._thread.start()
        return self

    def _run(self) -> None:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="load", clean_session=False)
        client.on_publish = lambda *_: self._taken.release()
        client.reconnect_delay_set(1, 1)
        client.username_pw_set("powerbank", self._broker.password)
        client.connect("127.0.0.1", self._broker.service_port)
        client.loop_start()
        try:
            self.failed = not all(self._publish(client, *message) for message in self._messages)
        finally:
            client.disconnect()
            client.loop_stop()
            self.done.set()

    def _publish(self, client: mqtt.Client, topic: str, body: dict[str, Any]) -> bool:
        began = time.monotonic()
        client.publish(topic, json.dumps(body).encode(), qos=1)
        taken = self._taken.acquire(timeout=60)
        time.sleep(max(0.0, began + 1 / self._rate - time.monotonic()))
        return taken


@contextmanager
def network(nursery: Nursery, settings: Mapping[str, str] | None = None, **replaced_by: str) -> Iterator[Network]:
    """Start a network. Addresses that are given, such as `MQTT_URL`, replace servers of its own."""
    with data_folder() as folder, stack_in(folder, **replaced_by) as stack:
        urls = stack.environment() | dict(settings or {})
        environment = {
            **urls,
            "POWERBANK_ENV": "test",
            "LOG_LEVEL": "INFO",
            "PATH": os.environ["PATH"],
            "DATABASE_STATEMENT_TIMEOUT_MS": "10000",
        }
        app = create_app(config.Settings(powerbank_env="test", **{name.lower(): url for name, url in urls.items()}))
        found = Network(stack, app, nursery, environment, folder)
        try:
            yield found
        finally:
            found.close()
            with app.app_context():
                db.session.remove()
                db.engine.dispose()


__all__ = ["Load", "Network", "network", "text"]
