"""Announce what a transaction has changed, so that screens that show it read it again.

`announce` is called inside the transaction. After the commit a thread of this process publishes everything that the
transaction announced, in one message through Redis. A transaction never waits for Redis and never fails because of it:
while Redis is away nobody hears of a change, and screens find it when they read again by themselves.
"""

import atexit
import os
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import NamedTuple
from uuid import UUID

import orjson
import structlog
from flask import current_app
from redis import Redis
from redis.exceptions import RedisError

from powerbank.base.clock import format_time, utcnow
from powerbank.base.db import after_commit, open_session
from powerbank.base.redis_clients import counter_redis

log = structlog.get_logger(__name__)

MOST_WAITING = 10_000  # transactions of one process that wait to be published; those beyond them are dropped
MOST_TOGETHER = 200  # transactions in one message
GATHER = 0.005  # seconds from the first transaction of a message on; a message for each would cost a busy process more
PAUSE = 1.0  # seconds for which nothing is tried after Redis did not answer
LAST_MOMENT = 2.0  # seconds that a process waits at its end for what is still to be published


class Change(NamedTuple):
    """One change as it travels from the teller to the live processes."""

    topics: tuple[str, ...]
    kind: str
    id: str | None  # None: many things have changed at once
    version: int | None
    at: str


def announce(*topics: str, kind: str, id: str | UUID | None, version: int | None = None) -> None:
    """Tell everybody who follows one of these topics, after the commit, that something of this kind has changed."""
    found = None if id is None else str(id)
    _announcement().changes[topics, kind, found] = Change(topics, kind, found, version, format_time(utcnow()))


def announce_sign_ins(principal: str) -> None:
    """Have the live processes look, after the commit, which sign-ins last of `user:<id>` or `staff:<id>`."""
    _announcement().principals.add(principal)


def topic_of_user(user_id: UUID | str) -> str:
    """Name the topic that a person follows as `me`."""
    return f"me:{user_id}"


def channel_of(redis: Redis) -> str:
    """Name the channel of Redis, by the number of the database: all databases of a server share their channels."""
    return f"powerbank:live:{redis.connection_pool.connection_kwargs.get('db') or 0}"


@dataclass
class Announcement:
    """What one transaction announces. It is called when the transaction has committed."""

    changes: dict[tuple[tuple[str, ...], str, str | None], Change] = field(default_factory=dict)  # the newest of each
    principals: set[str] = field(default_factory=set)  # whose sign-ins have changed

    def __call__(self) -> None:
        _teller().tell(self)


def _announcement() -> Announcement:
    callbacks = open_session().info["after_commit"]
    for each in callbacks:
        if isinstance(each, Announcement):
            return each
    made = Announcement()
    after_commit(made)
    return made


def _teller() -> "Teller":
    extensions = current_app.extensions
    if "live_teller" not in extensions:
        extensions["live_teller"] = Teller(counter_redis())
    teller: Teller = extensions["live_teller"]
    return teller


class Teller:
    """Publishes in a thread of its own what the transactions of this process have announced."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: SimpleQueue[Announcement | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._away = False

    def tell(self, announcement: Announcement) -> None:
        if self._waiting.qsize() >= MOST_WAITING:
            return
        if self._pid != os.getpid():  # the thread does not come along when a process forks
            self._start()
        self._waiting.put(announcement)

    def _start(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            self._waiting = SimpleQueue()
            self._thread = threading.Thread(target=self._run, name="live-teller", daemon=True)
            self._thread.start()
            self._pid = os.getpid()
            atexit.register(self._finish)

    def _run(self) -> None:
        waiting = self._waiting
        while (first := waiting.get()) is not None:
            time.sleep(GATHER)
            together, ends = [first], False
            try:
                while len(together) < MOST_TOGETHER and not ends:
                    following = waiting.get_nowait()
                    ends = following is None
                    together += [following] if following is not None else []
            except Empty:
                pass
            self._publish(together)
            if ends:
                return

    def _publish(self, together: list[Announcement]) -> None:
        try:
            self._redis.publish(channel_of(self._redis), encode(together))
        except RedisError as error:
            if not self._away:
                log.warning("changes are not announced, because Redis is away", error=str(error))
            self._away = True
            time.sleep(PAUSE)
        else:
            self._away = False

    def _finish(self) -> None:
        if self._thread is not None and self._pid == os.getpid():
            self._waiting.put(None)
            self._thread.join(LAST_MOMENT)


class News(NamedTuple):
    """What one message says."""

    changes: list[Change]
    principals: list[str]


def encode(together: list[Announcement]) -> bytes:
    changes = [tuple(change) for each in together for change in each.changes.values()]
    principals = {principal for each in together for principal in each.principals}
    return orjson.dumps({"changes": changes, "principals": [*principals]})


def decode(message: bytes) -> News:
    told = orjson.loads(message)
    changes = [Change(tuple(topics), *rest) for topics, *rest in told["changes"]]
    return News(changes, told["principals"])


def moment_of(change: Change) -> datetime:
    return datetime.fromisoformat(change.at)
