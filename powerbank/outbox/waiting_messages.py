"""Finds out which messages wait in the queues of Redis, and reads no more of them than it needs.

A short queue is read whole. A long one is a line: messages are added at its end and taken from its head. A job that was
sent later than the messages at the head has not had its turn, so nobody has to look for its message (decision 37).
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select

from powerbank.base.db import db
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox import catalogue
from powerbank.outbox.models import OutboxJob, State
from powerbank.outbox.policy import Queue, lanes
from powerbank.outbox.wire import decode, queue_key

PAGE = 10_000  # messages of a queue that are read at once
LONG_QUEUE = 10_000  # messages; of a longer one only the head is read, as long as nothing of it seems lost
HEAD = 1_000  # messages
# A row has its place in the line from its commit, and its time from before it: this is longer than transactions take.
OUT_OF_ORDER = timedelta(seconds=30)


class WaitingMessages:
    """Holds the messages of these queues as one sweep has found them. It reads each queue once, however many jobs of it
    are looked for."""

    def __init__(self, queues: Collection[Queue]) -> None:
        self._messages: dict[str, set[str]] = {}
        self._turns = {lane: turn for lane in _long_ones(lanes(queues)) if (turn := _turn_of(lane))}

    def include(self, message_id: str, *, lane: str) -> bool:
        if lane not in self._messages:
            self._messages[lane] = _messages_in(lane)
        return message_id in self._messages[lane]

    def await_their_turn(self) -> ColumnElement[bool] | None:
        """The condition on rows whose messages stand in a long queue behind its head. None where no queue is long."""
        behind = [
            OutboxJob.job.in_([spec.name for spec in catalogue.all_jobs() if spec.lane == lane])
            & (OutboxJob.lease_until >= turn)
            for lane, turn in self._turns.items()
        ]
        return or_(*behind) if behind else None


def _long_ones(all_lanes: Sequence[str]) -> list[str]:
    with queue_redis().pipeline(transaction=False) as pipe:
        for lane in all_lanes:
            pipe.llen(queue_key(lane))
        return [lane for lane, length in zip(all_lanes, pipe.execute(), strict=True) if length > LONG_QUEUE]


def _turn_of(lane: str) -> datetime | None:
    """The lease up to which the jobs of a long queue have had their turn; None if its head does not tell."""
    head = [message.rpartition("-") for message in map(decode, queue_redis().lrange(queue_key(lane), 0, HEAD - 1))]
    deliveries = {job_id: delivery for job_id, _, delivery in head if _is_id(job_id)}
    query = select(OutboxJob.id, OutboxJob.deliveries, OutboxJob.lease_until).where(
        OutboxJob.id.in_([uuid.UUID(job_id) for job_id in deliveries]),
        OutboxJob.state == State.OPEN,
        OutboxJob.claimed_by.is_(None),
    )
    rows = db.session.execute(query).all()
    db.session.rollback()
    leases = [lease for job_id, delivery, lease in rows if deliveries[str(job_id)] == str(delivery)]
    return min(leases) - OUT_OF_ORDER if leases else None


def _messages_in(lane: str) -> set[str]:
    """Read page by page from its end: workers take from the front, so nothing that stays is passed over."""
    redis, found, read = queue_redis(), set[str](), 0
    while page := redis.lrange(queue_key(lane), -read - PAGE, -read - 1):
        found.update(map(decode, page))
        read += PAGE
    return found


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
