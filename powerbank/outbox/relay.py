"""The sweep: finds jobs whose news was lost and sends it again.

A row is stranded when its lease ran out and nobody has it: no queue holds its message and no living worker
has it in hand. PostgreSQL says who lives (heartbeats), and a row that a transaction holds locked is at work.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import NamedTuple

import structlog
from rq.job import Job, JobStatus
from sqlalchemy import func, or_, select, update

from powerbank.base.db import after_commit, db, new_id, transaction, utcnow
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox import catalogue, job_counts
from powerbank.outbox.enqueue import LEASE
from powerbank.outbox.heartbeats import living_workers
from powerbank.outbox.lifecycle import bury, bury_unknown, deliver_again, note_crash
from powerbank.outbox.models import Cause, OutboxJob, State
from powerbank.outbox.outbound import stall

log = structlog.get_logger(__name__)

BATCH = 500
PAGE = 10_000  # messages of a queue that are read at once
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


class Waiting:
    """The messages that wait in the queues as this sweep found them. Each queue is read once, however many jobs of it
    are looked for."""

    def __init__(self) -> None:
        self._of: dict[str, set[str]] = {}

    def __contains__(self, row: Stranded) -> bool:
        spec = catalogue.find(row.job)
        lane = spec.lane if spec else row.queue
        if lane not in self._of:
            self._of[lane] = _messages_in(lane)
        return f"{row.id}-{row.deliveries}" in self._of[lane]


def redeliver_stranded() -> int:
    """One sweep over all that is overdue. How many jobs were sent again comes back."""
    if redis_forgot():
        return recover()
    # Only what was overdue when the sweep began: what has been queued since is not in the queues as it has read them.
    began, living, waiting = utcnow(), living_workers(), Waiting()
    last, sent = None, 0
    while rows := _stranded(living, before=began, after=last):
        queued = {row.id for row in rows if row.claimed_by is None and row in waiting and catalogue.find(row.job)}
        _leave_in_queue(queued)
        sent += _send_again(_find([row for row in rows if row.id not in queued], living))
        last = rows[-1].id
    return sent


def expire_unbegun() -> int:
    """Jobs past their expiry that no worker has come to: dead now, so that what they guard is released."""
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


def redis_forgot() -> bool:
    forgot = not queue_redis().exists(EPOCH_KEY)
    if stall.lasts and not forgot:
        stall.send_kept()  # it answered: what follows is pushed at once, too
    return forgot


def recover() -> int:
    """After Redis lost its memory: sends everything open, what is due and what waits for its time.

    Redis forgets until this has gone through to its end; whoever looks next begins again.
    """
    stall.forget()  # what could not be sent is among what is open
    redis, mark = queue_redis(), f"{EPOCH_KEY}:{new_id()}"
    redis.set(mark, "recovering", ex=3600)
    living = living_workers()
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
        if stall.lasts:
            return sent
        sent += len(rows)
        if len(rows) < BATCH:
            break
        last = rows[-1].id
    redis.eval(_REMEMBER, 2, mark, EPOCH_KEY, utcnow().isoformat())
    if sent:
        log.warning("Redis had lost its memory; open jobs sent again", jobs=sent)
    return sent


def _stranded(living: set[str], *, before: datetime, after: uuid.UUID | None) -> Sequence[Stranded]:
    claimer = func.split_part(OutboxJob.claimed_by, "/", 1)
    query = (
        select(OutboxJob.id, OutboxJob.job, OutboxJob.queue, OutboxJob.deliveries, OutboxJob.claimed_by)
        .where(
            OutboxJob.state == State.OPEN,
            or_(
                OutboxJob.lease_until <= before,
                OutboxJob.claimed_by.is_not(None) & claimer.not_in(living),
            ),
        )
        .order_by(OutboxJob.id)
        .limit(BATCH)
    )
    if after is not None:
        query = query.where(OutboxJob.id > after)
    rows = [Stranded(*row) for row in db.session.execute(query)]
    db.session.rollback()
    return rows


def _messages_in(lane: str) -> set[str]:
    """Read page by page from its end: workers take from the front, so nothing that stays is passed over."""
    redis, found, read = queue_redis(), set[str](), 0
    while page := redis.lrange(f"rq:queue:{lane}", -read - PAGE, -read - 1):
        found.update(map(_text, page))
        read += PAGE
    return found


def _leave_in_queue(ids: set[uuid.UUID]) -> None:
    """Nobody has come to these yet. One that somebody works on by now is locked and needs no lease."""
    open_ones = select(OutboxJob.id).where(OutboxJob.id.in_(ids), OutboxJob.state == State.OPEN)
    renewed = update(OutboxJob).where(OutboxJob.id.in_(open_ones.with_for_update(skip_locked=True)))
    with transaction() as session:
        session.execute(renewed.values(lease_until=utcnow() + LEASE).execution_options(synchronize_session=False))


def _find(rows: Sequence[Stranded], living: set[str]) -> list[tuple[Stranded, Place]]:
    """Asks Redis, in two round trips, where the last message of each row is, of those that wait in no queue."""
    redis = queue_redis()
    with redis.pipeline(transaction=False) as pipe:
        for row in rows:
            pipe.hmget(Job.key_for(f"{row.id}-{row.deliveries}"), "status", "worker_name")
        fates = [_fate(pair) for pair in pipe.execute(raise_on_error=False)]
    holders = _current_messages(
        {worker for status, worker in fates if status == JobStatus.STARTED and worker in living}
    )
    return [
        (row, _place(row, status, worker, living, holders)) for row, (status, worker) in zip(rows, fates, strict=True)
    ]


def _current_messages(workers: set[str]) -> dict[str, str]:
    """The message that each of the workers took last, as far as Redis knows."""
    names = sorted(workers)
    with queue_redis().pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hget(f"rq:worker:{name}", "current_job")
        answers = pipe.execute(raise_on_error=False)
    return {name: _text(each) for name, each in zip(names, answers, strict=True) if isinstance(each, bytes)}


def _fate(pair: list[bytes | None] | Exception) -> tuple[str, str]:
    """Status and worker of a message. A key of another kind, which a stranger put there, is none of ours."""
    if isinstance(pair, Exception):
        return "", ""
    status, worker = pair
    return _text(status or b""), _text(worker or b"")


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")


def _place(row: Stranded, status: str, worker: str, living: set[str], holders: dict[str, str]) -> Place:
    if row.claimed_by is not None:
        # Its lease has outlived its time limit, or its worker is gone: nobody is at work on it any more.
        return Place.WITH_DEAD_WORKER
    if status == JobStatus.STARTED:
        if worker not in living:
            return Place.WITH_DEAD_WORKER
        # Started for a worker that has gone on to something else: the answer with it got lost on the way.
        return Place.IN_HAND if holders.get(worker) == f"{row.id}-{row.deliveries}" else Place.LOST
    return Place.LOST


def _send_again(found: list[tuple[Stranded, Place]]) -> int:
    places = {row.id: (row.deliveries, place) for row, place in found}
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
                sent += _apply(row, place)
    return sent


def _apply(row: OutboxJob, place: Place) -> bool:
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
    after_commit(lambda: job_counts.note(job, outcome, 0.0))
