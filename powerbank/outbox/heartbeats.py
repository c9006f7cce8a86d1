"""Who is alive, as PostgreSQL sees it: Redis forgets its workers when it is wiped, a table does not."""

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import ARRAY, Text, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base import clock
from powerbank.base.db import Base, db, utcnow

INTERVAL = 5.0
ALIVE_WITHIN = timedelta(seconds=15)  # three beats; a database that hangs for some seconds makes nobody dead
GONE_AFTER = timedelta(seconds=30)  # whoever keeps programs running has ended a frozen one by then
LISTENS = "listens"


class Heartbeat(Base):
    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]  # worker, scheduler, mqtt
    queues: Mapped[list[str]] = mapped_column(ARRAY(Text))
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    clock_ahead: Mapped[float | None]  # seconds by which the clock of its host is ahead of the database's

    @property
    def listens(self) -> bool:
        """Of a daemon: the broker brings it what stations say."""
        return self.queues == [LISTENS]


def beat(engine: Engine, *, name: str, kind: str, queues: list[str]) -> None:
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


def find_living(kind: str | None = None) -> list[Heartbeat]:
    query = select(Heartbeat).where(Heartbeat.seen_at > utcnow() - ALIVE_WITHIN).order_by(Heartbeat.name)
    if kind is not None:
        query = query.where(Heartbeat.kind == kind)
    return list(db.session.scalars(query))


def living_workers() -> set[str]:
    return _workers(ALIVE_WITHIN)


def workers_not_gone() -> set[str]:
    """Find the workers that live, and those that may only be slow or frozen for a moment: a vendor may be at work for
    them, so their claims stay theirs."""
    return _workers(GONE_AFTER)


def _workers(within: timedelta) -> set[str]:
    query = select(Heartbeat.name).where(Heartbeat.kind == "worker", Heartbeat.seen_at > utcnow() - within)
    return set(db.session.scalars(query))
