"""Heartbeats: which programs are alive, as PostgreSQL sees it. Redis forgets its workers when it is wiped."""

import os
import secrets
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Flask
from sqlalchemy import ARRAY, Text, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base import clock
from powerbank.base.db import Base, db, utcnow

log = structlog.get_logger(__name__)

INTERVAL = 5.0
ALIVE_WITHIN = timedelta(seconds=15)  # three beats; a database that hangs for some seconds makes nobody dead
GONE_AFTER = timedelta(seconds=30)  # whoever keeps programs running has ended a frozen one by then
LISTENS = "listens"
REFUSES_STARTS = "refuses_starts"


class Heartbeat(Base):
    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]  # worker, scheduler, mqtt, web, live
    queues: Mapped[list[str]] = mapped_column(ARRAY(Text))
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    clock_ahead: Mapped[float | None]  # seconds by which the clock of its host is ahead of the database's

    @property
    def listens(self) -> bool:
        """Tell whether this is a daemon to which the broker brings what stations say."""
        return self.queues == [LISTENS]

    @property
    def refuses_starts(self) -> bool:
        """Of a web process: it has refused starts of rentals of late."""
        return self.queues == [REFUSES_STARTS]


def record(engine: Engine, *, name: str, kind: str, queues: list[str]) -> None:
    """Takes the engine, not the session: heartbeats come from a thread beside the one that works."""
    row = {
        "name": name,
        "kind": kind,
        "queues": queues,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started_at": func.clock_timestamp(),
    }
    with engine.begin() as connection:  # which may be what tells this process the time
        news = {"seen_at": func.clock_timestamp(), "queues": queues, "clock_ahead": clock.seconds_host_is_ahead()}
        statement = insert(Heartbeat).values({**row, **news})
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=news))


def sign_off(engine: Engine, name: str) -> None:
    with engine.begin() as connection:
        connection.execute(delete(Heartbeat).where(Heartbeat.name == name))


class BackgroundHeartbeat:
    """Beats in a thread of its own, for a program whose main loop is not ours, such as a process of the web server."""

    def __init__(self, app: Flask, *, kind: str, describe: Callable[[], list[str]] = list) -> None:
        self.name = f"{kind}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._app, self._kind, self._describe = app, kind, describe
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        with self._app.app_context():
            while not self._stopped.is_set():
                self._do_quietly(lambda: record(db.engine, name=self.name, kind=self._kind, queues=self._describe()))
                self._stopped.wait(INTERVAL)
            self._do_quietly(lambda: sign_off(db.engine, self.name))

    def _do_quietly(self, write: Callable[[], None]) -> None:
        """A database that is away is told of by whoever needs it."""
        try:
            write()
        except SQLAlchemyError as error:
            log.warning("missed a heartbeat", error=str(getattr(error, "orig", error)).strip().splitlines()[:1])


def is_alive(program: Heartbeat) -> bool:
    return program.seen_at > utcnow() - ALIVE_WITHIN


def program_page(*, limit: int | None = None, cursor: str | None = None) -> dict[str, Any]:
    """List the programs of the last day, those that live first. They are few, so they are one page."""
    query = select(Heartbeat).order_by(Heartbeat.seen_at < utcnow() - ALIVE_WITHIN, Heartbeat.kind, Heartbeat.name)
    return {"items": list(db.session.scalars(query)), "next_cursor": None}


def find_living(kind: str | None = None) -> list[Heartbeat]:
    query = select(Heartbeat).where(Heartbeat.seen_at > utcnow() - ALIVE_WITHIN).order_by(Heartbeat.name)
    if kind is not None:
        query = query.where(Heartbeat.kind == kind)
    return list(db.session.scalars(query))


def has_died_out(kind: str) -> bool:
    """Tell whether programs of this kind ended without signing off, and none lives. Who never ran one is right too."""
    seen = db.session.scalars(select(Heartbeat).where(Heartbeat.kind == kind)).all()
    return bool(seen) and not any(is_alive(each) for each in seen)


def find_living_workers() -> set[str]:
    return _workers(ALIVE_WITHIN)


def find_workers_not_gone() -> set[str]:
    """Find the workers that live, and those that may only be slow or frozen for a moment: a vendor may be at work for
    them, so their claims stay theirs."""
    return _workers(GONE_AFTER)


def _workers(within: timedelta) -> set[str]:
    query = select(Heartbeat.name).where(Heartbeat.kind == "worker", Heartbeat.seen_at > utcnow() - within)
    return set(db.session.scalars(query))
