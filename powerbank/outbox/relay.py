"""The sweep: it finds jobs whose messages were lost, and sends them again.

A row is stranded when its lease ran out and nobody has it: no queue holds its message and no living worker
has it in hand. PostgreSQL says who lives (heartbeats), and a row that a transaction holds locked is at work.
"""

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from itertools import chain
from typing import NamedTuple

import structlog
from sqlalchemy import ColumnElement, func, select, tuple_

from powerbank.base.db import after_commit, db, new_id, transaction, utcnow
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox import catalogue, job_counts, wire
from powerbank.outbox.enqueue import LEASE
from powerbank.outbox.heartbeats import find_living_workers, find_workers_not_gone
from powerbank.outbox.lifecycle import bury, bury_unknown, deliver_again, note_crash
from powerbank.outbox.models import Cause, OutboxJob, State
from powerbank.outbox.outbound import unsent
from powerbank.outbox.policy import AT_A_STATION, Queue
from powerbank.outbox.waiting_messages import WaitingMessages
from powerbank.outbox.wire import STARTED

log = structlog.get_logger(__name__)

BATCH = 500
# The sweep of every few seconds leaves what has been overdue for longer to the one of each minute.
RECENT = timedelta(minutes=2)
EPOCH_KEY = "powerbank:outbox:epoch"  # gone when Redis has lost its memory

# The recovery counts only if its own mark outlived it: else Redis was wiped once more meanwhile.
_REMEMBER = "if redis.call('DEL', KEYS[1]) == 1 then redis.call('SET', KEYS[2], ARGV[1]) return 1 end return 0"


class Place(Enum):
    IN_HAND = "a living worker has it"
    WITH_DEAD_WORKER = "the worker that had it is gone, or has let its lease run out"
    LOST = "nobody has it"


class Stranded(NamedTuple):
    id: uuid.UUID
    job: str
    queue: str
    deliveries: int
    claimed_by: str | None
    lease_until: datetime

    @property
    def message_id(self) -> str:
        return f"{self.id}-{self.deliveries}"


class Workers(NamedTuple):
    """The workers that live, and those that have not been silent for long enough to lose their claims."""

    living: set[str]
    not_gone: set[str]


def redeliver_stranded() -> int:
    """Sweep once over all jobs that are overdue. The number of jobs that were sent again comes back."""
    if has_redis_forgotten():
        return send_all_open_jobs()
    return _redeliver(tuple(Queue))


def redeliver_at_stations() -> int:
    """Sweep over the jobs that somebody at a station waits for. This happens every few seconds, so it leaves out what
    has been overdue for long. The number of jobs that were sent again comes back."""
    if has_redis_forgotten():
        return 0  # `send_all_open_jobs` sends all that is open
    return _redeliver(AT_A_STATION, not_before=utcnow() - RECENT)


def _redeliver(queues: Collection[Queue], *, not_before: datetime | None = None) -> int:
    """Send again what is lost of these queues. Only what was overdue at the beginning is looked at: later messages are
    not in the queues as this sweep has read them."""
    began, workers = utcnow(), Workers(find_living_workers(), find_workers_not_gone())
    waiting = WaitingMessages(queues)
    overdue = OutboxJob.lease_until <= began
    if not_before is not None:
        overdue &= OutboxJob.lease_until > not_before
    if (await_their_turn := waiting.await_their_turn()) is not None:
        overdue &= OutboxJob.claimed_by.is_not(None) | ~await_their_turn
    deserted = OutboxJob.claimed_by.is_not(None) & _worker_of_claim().not_in(workers.not_gone)
    of_these = OutboxJob.queue.in_(queues)
    sent = 0
    for rows in chain(_batches(of_these & deserted), _batches(of_these & overdue)):
        lost = [row for row in rows if not _waits_in_queue(row, waiting)]
        sent += _send_again(_locate(lost, workers.living))
    return sent


def expire_unbegun() -> int:
    """Make dead letters of the jobs that expired before a worker came to them, so that what they guard is released.
    Their number comes back."""
    expired = 0
    while True:
        with transaction() as session:
            rows = session.scalars(
                select(OutboxJob)
                .where(
                    OutboxJob.state == State.OPEN,
                    OutboxJob.expires_at <= utcnow(),
                    OutboxJob.claimed_by.is_(None),
                )
                .order_by(OutboxJob.expires_at)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            for row in rows:
                bury(row, Cause.EXPIRED)
                _count_unrun(row.job, "dead")
        expired += len(rows)
        if len(rows) < BATCH:
            return expired


def has_redis_forgotten() -> bool:
    """Say whether Redis has lost its memory. One that has not is sent what waits for it in this process."""
    forgot = not queue_redis().exists(EPOCH_KEY)
    if unsent.waiting and not forgot:
        unsent.send()  # it answered: what follows is pushed at once, too
    return forgot


def send_all_open_jobs() -> int:
    """Send all open jobs after Redis lost its memory: those that are due, and those that wait for their time.

    Redis forgets until this has gone through to its end; whoever looks next begins again.
    """
    unsent.forget()  # what could not be sent is among what is open
    redis, mark = queue_redis(), f"{EPOCH_KEY}:{new_id()}"
    redis.set(mark, "recovering", ex=3600)
    living = find_workers_not_gone()
    last, sent = uuid.UUID(int=0), 0
    while True:
        with transaction() as session:
            rows = session.scalars(
                select(OutboxJob)
                .where(OutboxJob.state == State.OPEN, OutboxJob.id > last)
                .order_by(OutboxJob.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            for row in rows:
                if catalogue.find(row.job) is None:
                    bury_unknown(row)
                elif _worker(row.claimed_by) not in living:
                    row.claimed_by = None
                    deliver_again(row)
        if unsent.waiting:
            return sent
        sent += len(rows)
        if len(rows) < BATCH:
            break
        last = rows[-1].id
    redis.eval(_REMEMBER, 2, mark, EPOCH_KEY, utcnow().isoformat())
    if sent:
        log.warning("Redis had lost its memory; open jobs sent again", jobs=sent)
    return sent


def _waits_in_queue(row: Stranded, waiting: WaitingMessages) -> bool:
    spec = catalogue.find(row.job)
    return row.claimed_by is None and spec is not None and waiting.include(row.message_id, lane=spec.lane)


def _batches(condition: ColumnElement[bool]) -> Iterator[Sequence[Stranded]]:
    """Read the open rows of which this holds, in the order of their index. What is done with one batch may change
    whether it holds, so each batch begins behind the last row of the one before."""
    place = tuple_(OutboxJob.lease_until, OutboxJob.id)
    query = (
        select(
            OutboxJob.id,
            OutboxJob.job,
            OutboxJob.queue,
            OutboxJob.deliveries,
            OutboxJob.claimed_by,
            OutboxJob.lease_until,
        )
        .where(OutboxJob.state == State.OPEN, condition)
        .order_by(OutboxJob.lease_until, OutboxJob.id)
        .limit(BATCH)
    )
    last: Stranded | None = None
    while True:
        after = query if last is None else query.where(place > tuple_(last.lease_until, last.id))
        rows = [Stranded(*row) for row in db.session.execute(after)]
        db.session.rollback()
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        last = rows[-1]


def _worker_of_claim() -> ColumnElement[str]:
    """Return the name of the worker that has claimed a row: a claim is `worker/message`."""
    return func.split_part(OutboxJob.claimed_by, "/", 1)


def _locate(rows: Sequence[Stranded], living: set[str]) -> list[tuple[Stranded, Place]]:
    """Ask Redis, in two round trips, who has the last message of each of these rows. None of them waits in a queue."""
    fates = wire.find_status_and_worker([row.message_id for row in rows])
    holders = wire.find_messages_in_hand({worker for status, worker in fates if status == STARTED and worker in living})
    return [
        (row, _decide_place(row, status, worker, living, holders))
        for row, (status, worker) in zip(rows, fates, strict=True)
    ]


def _decide_place(row: Stranded, status: str, worker: str, living: set[str], holders: dict[str, str]) -> Place:
    if row.claimed_by is not None:
        # Its lease has outlived its time limit, or its worker is gone: nobody is at work on it any more.
        return Place.WITH_DEAD_WORKER
    if status == STARTED:
        if worker not in living:
            return Place.WITH_DEAD_WORKER
        # Started for a worker that has gone on to something else: the answer with it got lost on the way.
        return Place.IN_HAND if holders.get(worker) == row.message_id else Place.LOST
    return Place.LOST


def _send_again(stranded: list[tuple[Stranded, Place]]) -> int:
    places = {row.id: (row.deliveries, place) for row, place in stranded}
    sent = 0
    if not places:
        return sent
    with transaction() as session:
        rows = session.scalars(
            select(OutboxJob)
            .where(OutboxJob.id.in_(places), OutboxJob.state == State.OPEN)
            .with_for_update(skip_locked=True)
        )
        for row in rows:
            deliveries, place = places[row.id]
            if row.deliveries == deliveries:  # else somebody was faster
                sent += _send_again_from(row, place)
    return sent


def _send_again_from(row: OutboxJob, place: Place) -> bool:
    if catalogue.find(row.job) is None:
        bury_unknown(row)
        return False
    if place is Place.IN_HAND:
        row.lease_until = utcnow() + LEASE
        return False
    if place is Place.WITH_DEAD_WORKER:
        _count_unrun(row.job, "crashed")  # its worker could not
        return note_crash(row, "took its worker down")
    row.claimed_by = None
    deliver_again(row)
    return True


def _worker(claim: str | None) -> str | None:
    """A claim is `worker/message`."""
    return claim.split("/", 1)[0] if claim else None


def _count_unrun(job: str, outcome: str) -> None:
    """Count an end of a job that no worker could count."""
    after_commit(lambda: job_counts.count_run(job, outcome, 0.0))
