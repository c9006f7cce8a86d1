"""A whole plant for one test: servers of its own, an application on them, real workers and schedulers."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from powerbank.base.db import db, transaction
from powerbank.outbox import relay
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.models import State
from scripts.stack.servers.postgres import EmbeddedPostgres
from scripts.stack.servers.redis import EmbeddedRedis
from scripts.stack.stack import Stack
from tests.databases import server_went_away
from tests.nursery import Nursery, Running, wait_until

SECOND = 1.0


class Plant:
    def __init__(self, stack: Stack, app: Flask, nursery: Nursery, environment: dict[str, str], folder: Path) -> None:
        assert stack.postgres is not None
        assert stack.redis is not None
        self.stack, self.app, self.folder = stack, app, folder
        self.postgres: EmbeddedPostgres = stack.postgres
        self.redis: EmbeddedRedis = stack.redis
        self.environment = environment
        self._nursery = nursery
        self._running: list[Running] = []
        self._own: psycopg2.extensions.connection | None = None

    def worker(self, **environment: str) -> Running:
        return self._awaited("worker", self.start_worker(**environment))

    def start_worker(self, **environment: str) -> Running:
        return self._start("worker", ["all"], environment)

    def start_worker_with(self, arguments: list[str], **environment: str) -> Running:
        """Start a worker with the arguments that a line of a Procfile has."""
        return self._start("worker", arguments, environment)

    def scheduler(self, **environment: str) -> Running:
        return self._awaited("scheduler", self.start_scheduler(**environment))

    def start_scheduler(self, **environment: str) -> Running:
        return self._start("scheduler", [], environment)

    def _start(self, program: str, arguments: list[str], environment: dict[str, str]) -> Running:
        log = self.folder / f"{program}.log"
        running = self._nursery.start(program, arguments, {**self.environment, **environment}, log)
        self._running.append(running)
        return running

    def _awaited(self, kind: str, running: Running) -> Running:
        query = f"SELECT count(*) FROM heartbeats WHERE kind = '{kind}' AND pid = {running.pid}"
        wait_until(lambda: bool(self.value(query)) or not running.alive, 20, f"the {kind} is up")
        assert running.alive, self.logs(kind)
        return running

    def logs(self, program: str) -> str:
        log = self.folder / f"{program}.log"
        return log.read_text()[-3000:] if log.exists() else ""

    def close(self) -> None:
        for running in self._running:
            running.resume()
            running.send_signal(signal.SIGKILL)
        for running in self._running:
            wait_until(lambda gone=running: not gone.alive, 10, "no process is left")  # type: ignore[misc]
        self._hang_up()

    def enqueue(self, spec: Any, **arguments: Any) -> str:
        with self.app.app_context(), transaction():
            return str(enqueue(spec, **arguments))

    def sweep(self) -> None:
        """Run the sweep that the schedule starts each minute. The tests do not wait for the minute."""
        with self.app.app_context():
            try:
                relay.expire_unbegun()
                relay.redeliver_stranded()
            except (RedisError, DBAPIError):
                return  # the next one may be luckier

    def drain(self, seconds: float) -> None:
        """Sweep until no job of the tests is open."""
        deadline = time.monotonic() + seconds
        while left := self.open_jobs():
            assert time.monotonic() < deadline, f"{left} jobs open after {seconds} s; {self.logs('worker')}"
            self.sweep()
            time.sleep(0.25)

    def effects(self) -> Counter[str]:
        return Counter(dict(self.rows("SELECT key, count(*) FROM test_effects GROUP BY key")))

    def open_jobs(self) -> int:
        return int(self.value(f"SELECT count(*) FROM outbox_jobs WHERE state = '{State.OPEN}' AND job LIKE 'test%'"))

    def in_hand(self) -> int:
        """Count the jobs that a transaction works on.

        No lock is taken, because a worker passes by a row that somebody has locked.
        """
        return int(
            self.value(f"""
            SELECT count(*) FROM outbox_jobs WHERE state = '{State.OPEN}'
               AND xmax IN (SELECT transactionid FROM pg_locks WHERE locktype = 'transactionid')""")
        )

    def wrong(self) -> list[Any]:
        """List the jobs whose effect is not there exactly once, or is there although the job is not done."""
        return self.rows(f"""
            SELECT job, arguments ->> 'key', state, cause, last_error, effects
              FROM outbox_jobs
              CROSS JOIN LATERAL (
                SELECT count(*) AS effects FROM test_effects
                 WHERE key IN (arguments ->> 'key', (arguments ->> 'key') || ':' || outbox_jobs.id || '-call')) AS found
             WHERE job LIKE 'test%' AND effects <> (state = '{State.DONE}')::int""")

    def job(self, job_id: str) -> dict[str, Any]:
        return dict(self.value(f"SELECT to_jsonb(outbox_jobs) FROM outbox_jobs WHERE id = '{job_id}'"))

    def vendor_requests(self) -> list[str]:
        book = Path(self.environment["TEST_VENDOR"])
        return book.read_text().splitlines()

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def rows(self, query: str) -> list[Any]:
        """Read rows on a connection beside the application's pool, so that reading changes nothing there.

        The connection is kept open: a waiting test reads twenty times a second, and each connection would cost the
        server a process.
        """
        try:
            return self._asked(query)
        except psycopg2.Error as error:
            if self._own is None or not server_went_away(error):
                raise
            self._hang_up()
            return self._asked(query)

    def _asked(self, query: str) -> list[Any]:
        if self._own is None:
            self._own = psycopg2.connect(self.postgres.owner_url())
            self._own.autocommit = True
        with self._own.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall()) if cursor.description else []

    def _hang_up(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None

    @contextmanager
    def context(self) -> Iterator[None]:
        with self.app.app_context():
            yield
            db.session.rollback()
