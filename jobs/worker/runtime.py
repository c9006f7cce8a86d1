"""The wrapper in which every job runs.

A plain job runs inside one transaction together with the completion of its outbox row: its effects happen exactly once,
however often the job is delivered. A stepwise job has transactions of its own, because it calls a vendor (no call to
the outside inside a transaction) or works through many rows in batches: it holds its row on a lease, and notes each
call of a vendor before and after.
"""

import functools
import importlib
import inspect
import time
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from jobs.worker.stepwise import LostClaimError, StepwiseRun
from powerbank.base import tracing
from powerbank.base.database_errors import is_away
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.base.errors import AppError, PermanentError
from powerbank.base.tracing import Kind
from powerbank.integrations.errors import VendorError
from powerbank.outbox import catalogue, job_counts, lifecycle, schedules, wire
from powerbank.outbox.models import Cause, State
from powerbank.outbox.policy import JobSpec

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    DONE = "done"
    SKIPPED = "skipped"  # done before, in other hands, or not due: nothing to do
    RETRY = "retry"  # failed; another delivery is on its way
    DEAD = "dead"  # failed, for good; the message ends with an error
    BROKEN_OFF = "broken_off"  # the worker was told to stop


class DeadLetterError(Exception):
    """The job is dead. This ends its message as failed in RQ, where rq-dashboard shows it and can requeue it."""


def run(
    job: str,
    outbox_id: str | None = None,
    arguments: dict[str, Any] | None = None,
    failures: int = 0,
    *,
    worker: str = "",
) -> Outcome:
    spec = catalogue.find(job)
    if spec is None:
        return _leave_unknown(job, outbox_id)
    if spec.durable and outbox_id is None:
        raise DeadLetterError(f"{job} comes through the outbox only")
    began, outcome = time.monotonic(), Outcome.BROKEN_OFF
    tracing.come_from(None)
    try:
        # The request that the job comes from is known once its row is taken.
        with structlog.contextvars.bound_contextvars(job=job, outbox_id=outbox_id, request_id=None):
            if outbox_id is None:
                outcome = _run_losable(spec, arguments or {}, failures)
            else:
                outcome = _run_durable(spec, uuid.UUID(outbox_id), worker)
    except Exception:
        outcome = Outcome.DEAD
        raise
    finally:
        job_counts.count_run(spec.name, outcome.value, time.monotonic() - began)
    return outcome


def _run_durable(spec: JobSpec, job_id: uuid.UUID, worker: str) -> Outcome:
    began = time.monotonic()
    claim = f"{worker or 'here'}/{new_id()}" if spec.stepwise else None
    try:
        outcome = _run_stepwise(spec, job_id, claim) if claim else _run_plain(spec, job_id)
    except LostClaimError:
        log.warning("the lease went to another worker")
        return Outcome.SKIPPED
    except Exception as error:
        db.session.rollback()
        return _after_failure(spec, job_id, error, claim, time.monotonic() - began)
    if outcome is not Outcome.DONE:
        return _bury_if_expired(job_id)
    _note_success(spec, job_id, time.monotonic() - began)
    return outcome


def _note_success(spec: JobSpec, job_id: uuid.UUID, seconds: float) -> None:
    """Note a success of a scheduled job for people to see. The job is done whether or not this can be written."""
    try:
        schedules.note_run(spec, job_id, "success", seconds)
    except DBAPIError as away:
        db.session.rollback()
        log.warning("result of a scheduled task not noted", error=describe_error(away))


def _run_plain(spec: JobSpec, job_id: uuid.UUID) -> Outcome:
    with ExitStack() as trace, transaction():
        arguments = lifecycle.take_and_complete(job_id, spec)
        if arguments is None:
            return Outcome.SKIPPED
        trace.enter_context(_traced(spec))  # up to the end of the commit, where more is asked for
        _call(spec, arguments)
    return Outcome.DONE


def _run_stepwise(spec: JobSpec, job_id: uuid.UUID, token: str) -> Outcome:
    with transaction():
        arguments = lifecycle.take_on_lease(job_id, spec, token)
    if arguments is None:
        return Outcome.SKIPPED
    steps = StepwiseRun(job_id, spec, token)
    with _traced(spec):
        _call(spec, arguments, steps)
        if not steps.finished:
            with steps.finish():
                pass
    return Outcome.DONE


def _run_losable(spec: JobSpec, arguments: dict[str, Any], failures: int) -> Outcome:
    try:
        with _traced(spec):
            _call(spec, arguments)
    except Exception as error:
        db.session.rollback()
        delay = None if _permanent(error) else spec.retries.delay(failures + 1)
        if delay is None:
            raise
        log.warning("job failed, will be tried again", error=describe_error(error), delay=delay)
        payload = {"arguments": arguments, "failures": failures + 1}
        at = utcnow() + timedelta(seconds=delay)
        wire.push([wire.Message(f"{spec.name}-{new_id()}", spec.name, payload, at)])
        return Outcome.RETRY
    return Outcome.DONE


def _call(spec: JobSpec, arguments: dict[str, Any], *run: StepwiseRun) -> None:
    body, signature, usual = _body(spec.body)
    if arguments.keys() != usual:  # `bind` is right always, and slow
        try:
            signature.bind(*run, **arguments)
        except TypeError as mismatch:
            raise PermanentError(f"{spec.name} does not take these arguments: {mismatch}") from None
    body(*run, **arguments)


def _traced(spec: JobSpec) -> AbstractContextManager[None]:
    """Trace a job whose row is taken: it belongs to what has asked for it."""
    return tracing.span(f"job {spec.name}", Kind.CONSUMER, {"queue": spec.queue.value}, parent=tracing.origin())


@functools.cache
def _body(path: str) -> tuple[Callable[..., None], inspect.Signature, frozenset[str]]:
    """Return the function, its signature, and its keyword-only arguments."""
    module, _, name = path.rpartition(".")
    body = getattr(importlib.import_module(module), name)
    signature = inspect.signature(body)
    keywords = (name for name, it in signature.parameters.items() if it.kind is it.KEYWORD_ONLY)
    return body, signature, frozenset(keywords)


def preload() -> None:
    """Imports every body, so that a wrong path stops a worker at its start and not at its first job."""
    for spec in catalogue.all_jobs():
        _body(spec.body)


def _after_failure(spec: JobSpec, job_id: uuid.UUID, error: Exception, claim: str | None, seconds: float) -> Outcome:
    try:
        return _note_failure(spec, job_id, error, claim, seconds)
    except DeadLetterError:
        raise
    except Exception as away:
        db.session.rollback()
        if claim is not None:
            _left.append((job_id, claim))
        if not isinstance(away, DBAPIError):
            raise
        # PostgreSQL is away, so the failure cannot be noted: the lease brings the job back. The pause keeps
        # this worker from running through the whole queue meanwhile.
        log.error("database away during a job", error=describe_error(away))
        time.sleep(1)
        return Outcome.RETRY


# Claims whose end could not be noted. While this worker lives they would hold their jobs for the time limit.
_left: deque[tuple[uuid.UUID, str]] = deque()


def release_abandoned_claims() -> None:
    """Release the claims that were left behind. The worker's pulse calls this: it knows when the database is back."""
    while _left:
        with transaction():
            lifecycle.release(*_left[0])
        _left.popleft()


def _note_failure(spec: JobSpec, job_id: uuid.UUID, error: Exception, claim: str | None, seconds: float) -> Outcome:
    """Plan the next try of a failed job, or make a dead letter of it."""
    with transaction():
        row = lifecycle.lock_job(job_id)
        if row is None and claim is not None:
            _left.append((job_id, claim))  # a sweep has it locked just now: the claim must not stay with it
        if row is None or row.state != State.OPEN:
            return Outcome.SKIPPED
        if row.claimed_by not in (None, claim):
            log.warning("the lease went to another worker", error=describe_error(error))
            return Outcome.SKIPPED
        if _database_went_away(error):
            lifecycle.note_crash(row, "lost the database")
            delay: int | None = 0
        else:
            delay = lifecycle.fail(
                row, spec, describe_error(error), permanent=_permanent(error), at_least=_asked_to_wait(error)
            )
        cause = row.cause
    schedules.note_run(spec, job_id, "failed", seconds)
    if cause is not None:
        raise DeadLetterError(f"{spec.name} is dead ({cause})") from error
    log.warning("job failed, will be tried again", error=describe_error(error), delay=delay)
    return Outcome.RETRY


def _bury_if_expired(job_id: uuid.UUID) -> Outcome:
    with transaction():
        row = lifecycle.lock_job(job_id)
        late = row is not None and row.state == State.OPEN and row.expires_at is not None and row.expires_at <= utcnow()
        if row is None or not late or row.claimed_by is not None:
            return Outcome.SKIPPED
        lifecycle.bury(row, Cause.EXPIRED)
    raise DeadLetterError("expired before a worker came to it")


def _leave_unknown(job: str, outbox_id: str | None) -> Outcome:
    if outbox_id is not None:
        with transaction():
            row = lifecycle.lock_job(uuid.UUID(outbox_id))
            # A message that names another job than its row says nothing about the row.
            if row is not None and row.state == State.OPEN and row.job == job and not lifecycle.bury_unknown(row):
                return Outcome.SKIPPED
    raise DeadLetterError(f"no job is called {job}")


def _permanent(error: BaseException) -> bool:
    return isinstance(error, PermanentError) or (isinstance(error, AppError) and error.status < 500)


def _asked_to_wait(error: BaseException) -> int:
    asked = error.retry_after if isinstance(error, VendorError) else None
    return min(asked or 0, 3600)


def _database_went_away(error: BaseException) -> bool:
    """Say whether the database went away during the run, or before it could begin."""
    return isinstance(error, DBAPIError) and is_away(error)


def describe_error(error: BaseException) -> str:
    """Describe an error by its kind and text, without the values that SQLAlchemy would add: they may be personal."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:500]
