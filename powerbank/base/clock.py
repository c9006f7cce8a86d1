"""The time: that of the database, whatever the clock of this host says. And the business day of the network's home.

A host whose clock is wrong must not move the schedule, end codes or bill hours, and two hosts must agree. So a process
asks the database for its time now and then, on a connection that it takes from the pool anyway, and counts on from
there by the machine's monotonic clock, which nobody sets.
"""

import threading
import time
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import psycopg2

# Storage and the API speak UTC; days, quiet hours and schedules are those of the network's home.
HOME = ZoneInfo("Asia/Kathmandu")

ASK_EVERY = 60.0  # seconds
LONGEST_ANSWER = 0.5  # seconds; a slower answer says too little about the moment in which it was given
QUICK_ANSWER = 0.01  # seconds; after a slower one the database is asked again, and the quickest answer counts
TRIES = 3
ASK_AGAIN_AFTER = 1.0

# This clock counts on while the machine sleeps; not every system has it.
_TICKS = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Answer(NamedTuple):
    took: float
    epoch: float


class DatabaseClock:
    """The database's time, as far as one process knows it."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._epoch: float | None = None  # when the ticks were at zero, by the database's clock
        self._ask_at = 0.0  # in ticks

    def now(self) -> float:
        """Give the time in seconds since 1970; that of the host's clock until the database has answered."""
        return host_time() if self._epoch is None else self._epoch + _ticks()

    def ask(self, connection: Any, _record: object, _proxy: object) -> None:
        """Ask the database for its time once a minute; the pool calls this for each connection that it gives out.

        The answer counts as given when the database was asked, the earliest that it can have been. So a process is
        never behind: what the database has written lies in the past for whoever reads it.
        """
        if _ticks() < self._ask_at or not self._asking.acquire(blocking=False):
            return
        try:
            answer = _quickest_answer(connection)
            if answer is None or (self._epoch is not None and answer.took > LONGEST_ANSWER):
                self._ask_at = _ticks() + ASK_AGAIN_AFTER
            else:
                self._epoch, self._ask_at = answer.epoch, _ticks() + ASK_EVERY
        finally:
            self._asking.release()


def utcnow() -> datetime:
    """Give the database's time."""
    return datetime.fromtimestamp(database.now(), UTC)


def local_midnight(moment: datetime) -> datetime:
    """Give the midnight with which the day of a moment began at the network's home."""
    return moment.astimezone(HOME).replace(hour=0, minute=0, second=0, microsecond=0)


def local_day(moment: datetime) -> date:
    """Give the business day of a moment."""
    return moment.astimezone(HOME).date()


def format_time(moment: datetime) -> str:
    """Write a time as the API and the jobs write it: ISO 8601 in UTC, with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def host_time() -> float:
    """Give the time of this host's clock. Nothing is decided by it."""
    return time.time()


def seconds_host_is_ahead() -> float:
    """Give the seconds by which this host's clock is ahead of the database's; negative if it is behind."""
    return host_time() - database.now()


def _quickest_answer(connection: Any) -> Answer | None:
    quickest = None
    for _ in range(TRIES):
        before = _ticks()
        database_time = _read_database_clock(connection)
        if database_time is None:
            break
        answer = Answer(took=_ticks() - before, epoch=database_time - before)
        quickest = min(quickest or answer, answer)
        if answer.took < QUICK_ANSWER:
            break
    return quickest


def _read_database_clock(connection: Any) -> float | None:
    """Ask a connection once. None if it is broken: whoever sends the next statement learns that."""
    try:
        connection.autocommit = True  # or two more round trips begin and end a transaction
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
                return float(cursor.fetchone()[0])
        finally:
            if not connection.closed:
                connection.autocommit = False
    except psycopg2.Error:
        return None


def _ticks() -> float:
    return time.clock_gettime(_TICKS)


database = DatabaseClock()
