"""How long the queues were over time: a row for each queue and minute, kept for a week."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import db, open_session
from powerbank.ops import queries
from powerbank.ops.models import QueueSample
from powerbank.outbox.policy import Queue

KEPT_FOR = timedelta(days=7)
DELETED_AT_ONCE = 5000
POINTS = 120  # of a plot


class Period(StrEnum):
    HOURS = "6h"
    DAY = "24h"
    WEEK = "7d"


LENGTHS = {Period.HOURS: timedelta(hours=6), Period.DAY: timedelta(days=1), Period.WEEK: timedelta(days=7)}


@dataclass(frozen=True)
class QueueNow:
    """A queue as it is now, and as it was at equal steps of a period; None where nothing was recorded."""

    name: str
    waiting: int
    oldest_age_s: int
    lengths: list[int | None]
    ages: list[int | None]


def record_samples(*, now: datetime) -> None:
    """Record how many jobs wait in each queue, and since when the oldest does. A minute is recorded once."""
    waiting = {row.queue: row for row in queries.count_waiting(now)}
    rows = [
        {
            "queue": queue.value,
            "at": now.replace(second=0, microsecond=0),
            "waiting": waiting[queue].waiting if queue in waiting else 0,
            "oldest_age_s": int((now - waiting[queue].oldest).total_seconds()) if queue in waiting else 0,
        }
        for queue in Queue
    ]
    open_session().execute(insert(QueueSample).values(rows).on_conflict_do_nothing())


def read_queues(period: Period, *, now: datetime) -> list[QueueNow]:
    """Read all queues with their history. Of each step the worst minute counts, so that no peak is lost."""
    step = LENGTHS[period] / POINTS
    since = now - LENGTHS[period]
    place = func.floor(func.extract("epoch", QueueSample.at - since) / step.total_seconds())
    query = (
        select(
            QueueSample.queue,
            place.label("place"),
            func.max(QueueSample.waiting).label("waiting"),
            func.max(QueueSample.oldest_age_s).label("age"),
        )
        .where(QueueSample.queue.in_([each.value for each in Queue]), QueueSample.at >= since, QueueSample.at <= now)
        .group_by(QueueSample.queue, place)
    )
    lengths: dict[str, list[int | None]] = {queue.value: [None] * POINTS for queue in Queue}
    ages: dict[str, list[int | None]] = {queue.value: [None] * POINTS for queue in Queue}
    for row in db.session.execute(query):
        at = min(int(row.place), POINTS - 1)
        lengths[row.queue][at], ages[row.queue][at] = row.waiting, row.age
    waiting = {row.queue: row for row in queries.count_waiting(now)}
    return [
        QueueNow(
            name=queue.value,
            waiting=waiting[queue].waiting if queue in waiting else 0,
            oldest_age_s=int((now - waiting[queue].oldest).total_seconds()) if queue in waiting else 0,
            lengths=lengths[queue.value],
            ages=ages[queue.value],
        )
        for queue in Queue
    ]


def delete_old_samples(*, now: datetime) -> int:
    """Delete a batch of the samples that are too old, and count them."""
    old = (
        select(QueueSample.queue, QueueSample.at)
        .where(QueueSample.at < now - KEPT_FOR)
        .limit(DELETED_AT_ONCE)
        .subquery()
    )
    statement = delete(QueueSample).where(QueueSample.queue == old.c.queue, QueueSample.at == old.c.at)
    return cast(CursorResult[Any], open_session().execute(statement)).rowcount
