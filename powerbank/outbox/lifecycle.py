"""The moves of an outbox row. Each function needs an open transaction and changes one row by a conditional update; a
caller that finds nothing to change was not the first."""

import uuid
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, text, update

from powerbank.base import tracing
from powerbank.base.db import open_session, utcnow
from powerbank.base.errors import ConflictError
from powerbank.live import changes
from powerbank.outbox import catalogue, schedules
from powerbank.outbox.enqueue import LEASE, enqueue_with, send_after_commit
from powerbank.outbox.models import SETTLED, Cause, OutboxJob, State
from powerbank.outbox.policy import JobSpec, Unique
from powerbank.outbox.wire import durable_message

MAX_CRASHES = 5
UPDATES_TAKE = timedelta(minutes=10)
STORED_TRIES = 20

# A run writes the completion first, in the transaction of the effects: they commit together or not at all. One worker
# takes a row, never before its time or after its expiry. SKIP LOCKED: a second delivery that arrives while the first is
# at work goes away instead of waiting for it. The condition names an open row as one that has not finished: with
# `state = 'open'` the planner would walk the small index of open rows, which is as small as it believes only until
# thousands wait.
_TAKE_AND_COMPLETE = """
    UPDATE outbox_jobs
       SET state = 'done', finished_at = clock_timestamp(), last_error = NULL,
           unique_key = CASE WHEN %(release)s THEN NULL ELSE unique_key END
     WHERE id = (SELECT id FROM outbox_jobs
                  WHERE id = %(id)s AND finished_at IS NULL AND run_after <= clock_timestamp() + interval '1 second'
                    AND (expires_at IS NULL OR expires_at > clock_timestamp())
                    FOR UPDATE SKIP LOCKED)
    RETURNING arguments, request_id, traceparent
"""
_TAKE_ON_LEASE = text("""
    UPDATE outbox_jobs
       SET claimed_by = :token, lease_until = clock_timestamp() + :lease
     WHERE id = (SELECT id FROM outbox_jobs
                  WHERE id = :id AND finished_at IS NULL AND run_after <= clock_timestamp() + interval '1 second'
                    AND (expires_at IS NULL OR expires_at > clock_timestamp())
                    AND (claimed_by IS NULL OR lease_until <= clock_timestamp())
                    FOR UPDATE SKIP LOCKED)
    RETURNING arguments, request_id, traceparent
""")
_COMPLETE_LEASED = text("""
    UPDATE outbox_jobs
       SET state = 'done', finished_at = clock_timestamp(), last_error = NULL, claimed_by = NULL,
           unique_key = CASE WHEN :release THEN NULL ELSE unique_key END
     WHERE id = :id AND finished_at IS NULL AND claimed_by = :token
""")
_NOTE_TRY = text("""
    WITH before AS (SELECT coalesce(max(number), 0) AS number FROM outbox_tries WHERE job_id = :id),
         forgotten AS (DELETE FROM outbox_tries WHERE job_id = :id
                        AND number <= (SELECT number FROM before) + 1 - :kept)
    INSERT INTO outbox_tries (job_id, number, error, next_at)
    SELECT :id, number + 1, :error, CAST(:next_at AS timestamptz) FROM before
""")
_RELEASE = text("""
    UPDATE outbox_jobs SET claimed_by = NULL, lease_until = clock_timestamp()
     WHERE id = :id AND finished_at IS NULL AND claimed_by = :token
""")


def take_and_complete(job_id: uuid.UUID, spec: JobSpec) -> dict[str, Any] | None:
    """Complete a job within the transaction of its effects and give its arguments; None if there is nothing to do."""
    parameters = {"id": str(job_id), "release": spec.unique is not Unique.ONCE}
    return _take_up(open_session().connection().exec_driver_sql(_TAKE_AND_COMPLETE, parameters).one_or_none())


def take_on_lease(job_id: uuid.UUID, spec: JobSpec, token: str) -> dict[str, Any] | None:
    """Take a job on a lease and give its arguments; None if there is nothing to do.

    The lease outlives the time limit, so that nobody takes a run that still goes on for a dead one.
    """
    parameters = {"id": job_id, "token": token, "lease": timedelta(seconds=spec.limit) + LEASE}
    return _take_up(open_session().execute(_TAKE_ON_LEASE, parameters).one_or_none())


def _take_up(found: Row[Any] | None) -> dict[str, Any] | None:
    """Give the arguments. What the run logs, audits and asks for is of the request that the job comes from."""
    if found is None:
        return None
    structlog.contextvars.bind_contextvars(request_id=found.request_id)
    tracing.come_from(found.traceparent)
    arguments: dict[str, Any] = found.arguments
    return arguments


def complete_leased(job_id: uuid.UUID, spec: JobSpec, token: str) -> bool:
    """Complete a job that is held on a lease. False if the claim went to another worker."""
    parameters = {"id": job_id, "token": token, "release": spec.unique is not Unique.ONCE}
    return bool(open_session().execute(_COMPLETE_LEASED, parameters).rowcount)  # type: ignore[attr-defined]


def release(job_id: uuid.UUID, token: str) -> None:
    """Give a claim up, so that the next sweep sends the job again."""
    open_session().execute(_RELEASE, {"id": job_id, "token": token})


def lock_job(job_id: uuid.UUID) -> OutboxJob | None:
    """Lock a row; None if it is gone or somebody is at work on it."""
    return open_session().get(OutboxJob, job_id, with_for_update={"skip_locked": True}, populate_existing=True)


def fail(row: OutboxJob, spec: JobSpec, error: str, *, permanent: bool, at_least: int = 0) -> int | None:
    """Note a failed run and give the seconds until the next try, or None when the job is dead.

    `at_least` are the seconds for which a vendor asked to be left alone.
    """
    row.failures += 1
    row.last_error = error
    row.claimed_by = None
    delay = _plan_next(row, spec, permanent=permanent, at_least=at_least)
    _note_try(row, error)
    return delay


def _plan_next(row: OutboxJob, spec: JobSpec, *, permanent: bool, at_least: int) -> int | None:
    if permanent:
        bury(row, Cause.REFUSED)
        return None
    delay = spec.retries.delay(row.failures)
    if delay is None:
        bury(row, Cause.OUT_OF_RETRIES)
        return None
    delay = max(delay, at_least)
    run_after = utcnow() + timedelta(seconds=delay)
    if row.expires_at is not None and run_after >= row.expires_at:
        bury(row, Cause.EXPIRED)
        return None
    row.run_after = run_after
    deliver_again(row)
    return delay


def _note_try(row: OutboxJob, error: str) -> None:
    """Note a failed try, and keep the newest only: a job that is tried for weeks would fill the disk with one text."""
    next_at = row.run_after if row.state == State.OPEN else None
    session = open_session()
    session.flush()
    session.execute(_NOTE_TRY, {"id": row.id, "error": error, "next_at": next_at, "kept": STORED_TRIES})


def note_crash(row: OutboxJob, what: str) -> bool:
    """Note a run that ended without saying how. It costs no try and the job is sent again, unless that happens again
    and again: then the job itself may be the cause. False when the job is dead."""
    row.claimed_by = None
    row.crashes += 1
    gives_up = row.crashes >= MAX_CRASHES
    if gives_up:
        row.last_error = f"{what} {row.crashes} times"
        bury(row, Cause.CRASHED)
    else:
        deliver_again(row)
    _note_try(row, what)
    return not gives_up


def deliver_again(row: OutboxJob) -> None:
    """Send the message of a row once more, as a delivery of its own."""
    row.deliveries += 1
    row.lease_until = max(row.run_after, utcnow()) + LEASE
    at = row.run_after if row.run_after > utcnow() else None
    send_after_commit(durable_message(outbox_id=row.id, job=row.job, delivery=row.deliveries, at=at))


def bury(row: OutboxJob, cause: Cause) -> None:
    """Make a dead letter of a row, and enqueue the job that resolves what this one guarded."""
    spec = catalogue.find(row.job)
    if cause is Cause.EXPIRED and (row.job in catalogue.SCHEDULED or (spec and spec.missed_when_late)):
        cause = Cause.MISSED
    row.state = State.DEAD
    row.cause = cause
    row.finished_at = utcnow()
    row.claimed_by = None
    row.unique_key = None  # the work was not done: the next request for it is a new one
    if row.job in catalogue.SCHEDULED and cause is not Cause.MISSED:
        _supersede(row)
    if spec and spec.on_dead and cause is not Cause.DISCARDED and (resolver := catalogue.find(spec.on_dead)):
        enqueue_with(resolver, row.arguments)
    schedules.note_end(row.job, row.id, "missed" if cause is Cause.MISSED else "failed")
    changes.announce("console", kind="dead_letter", id=row.id)


def _supersede(row: OutboxJob) -> None:
    """Settle the earlier dead letters of a scheduled job that fails in each of its slots. Staff decide about the newest
    only, since a job of each minute would leave 1,440 a day."""
    earlier = (OutboxJob.job == row.job, OutboxJob.arguments == row.arguments, OutboxJob.id != row.id)
    undecided = (OutboxJob.state == State.DEAD, OutboxJob.cause.not_in(SETTLED))
    open_session().execute(update(OutboxJob).where(*earlier, *undecided).values(cause=Cause.MISSED))


def bury_unknown(row: OutboxJob) -> bool:
    """Make a dead letter of a job that no program knows. During an update a newer program may have accepted it, so it
    is left to others for a while. False while it is left."""
    if utcnow() < row.created_at + UPDATES_TAKE:
        row.lease_until = utcnow() + LEASE
        return False
    row.last_error = f"no job is called {row.job}"
    bury(row, Cause.UNDELIVERABLE)
    return True


def requeue(row: OutboxJob) -> None:
    """Give a dead letter a fresh start: all its tries, and its time to expire, begin now."""
    spec = catalogue.find(row.job)
    if spec is None:
        raise ConflictError("job_unknown", f"No job is called {row.job} any more.")
    row.state, row.cause, row.finished_at = State.OPEN, None, None
    row.failures = row.crashes = 0
    row.run_after = utcnow()
    row.expires_at = utcnow() + timedelta(seconds=spec.expires) if spec.expires else None
    deliver_again(row)
