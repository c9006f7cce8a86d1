"""`enqueue` and `publish` hand work on. Both need an open transaction; if it commits, the work is done, else not."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import cast

import structlog
from flask import current_app
from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base import tracing
from powerbank.base.clock import format_time
from powerbank.base.db import after_commit, before_commit, new_id, open_session, utcnow
from powerbank.live import changes
from powerbank.outbox import wire
from powerbank.outbox.events import ConsoleChanges, Event, Subscriptions
from powerbank.outbox.models import OutboxJob
from powerbank.outbox.outbound import Outbound
from powerbank.outbox.policy import JobSpec, Unique

Scalar = str | int | float | bool | None

# The sweep looks at a pushed job that no worker has taken up by then.
LEASE = timedelta(seconds=10)

# By the table: SQLAlchemy takes three times as long over an insert by the class.
_TABLE = cast("Table", OutboxJob.__table__)
_INSERT = insert(_TABLE)
_INSERT_ONCE = (
    insert(_TABLE)
    .on_conflict_do_nothing(index_elements=["unique_key"], index_where=OutboxJob.unique_key.is_not(None))
    .returning(_TABLE.c.id)
)


def enqueue(
    spec: JobSpec, *, at: datetime | None = None, expires_at: datetime | None = None, **arguments: Scalar
) -> uuid.UUID | None:
    """Enqueue a job and give its id; a job that may be lost has none.

    Arguments are ids and scalars: the job fetches what it needs afresh.
    """
    return enqueue_with(spec, arguments, at=at, expires_at=expires_at)


def enqueue_again(spec: JobSpec, **arguments: Scalar) -> None:
    """Ask once more for work whose job may be lost, as sweeps do.

    While a job that was asked for in this way is still open, nothing is added: a sweep that comes each minute would
    otherwise add one more each minute for as long as a backlog lasts. The caller must hold no lock that the job needs,
    because it may have to wait for the end of such a job that is just running.
    """
    enqueue_with(spec, arguments, while_open=True)


def enqueue_each(
    spec: JobSpec,
    arguments: Sequence[Mapping[str, Scalar]],
    *,
    at: datetime | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Enqueue a durable job for each of these arguments, written together."""
    for each in arguments:
        _refuse_objects(spec, each)
    if arguments:
        _insert_each(spec, [_make_row(spec, each, at=at, expires_at=expires_at) for each in arguments])


def enqueue_with(
    spec: JobSpec,
    arguments: Mapping[str, Scalar],
    *,
    at: datetime | None = None,
    expires_at: datetime | None = None,
    while_open: bool = False,
) -> uuid.UUID | None:
    """Enqueue a job whose arguments come as a mapping."""
    _refuse_objects(spec, arguments)
    if not spec.durable:
        send_after_commit(wire.Message(f"{spec.name}-{new_id()}", spec.name, {"arguments": arguments}, at))
        return None
    return _insert(spec, _make_row(spec, arguments, at=at, expires_at=expires_at, while_open=while_open))


def _make_row(
    spec: JobSpec,
    arguments: Mapping[str, Scalar],
    *,
    at: datetime | None = None,
    expires_at: datetime | None = None,
    while_open: bool = False,
) -> dict[str, object]:
    now = utcnow()
    run_after = max(at, now) if at else now
    return {
        "id": new_id(),
        "job": spec.name,
        "queue": spec.queue.value,
        "arguments": arguments,
        "run_after": run_after,
        "lease_until": run_after + LEASE,
        "expires_at": expires_at or (run_after + timedelta(seconds=spec.expires) if spec.expires else None),
        "unique_key": unique_key(spec, arguments, while_open=while_open),
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        **tracing.carried(),
    }


def publish(event: Event) -> None:
    """Enqueue each job that follows this event, and tell the console what it changes there."""
    event_fields = fields_of_event(event)
    subscriptions: Subscriptions = current_app.extensions["subscriptions"]
    for follower in subscriptions[type(event)]:
        if isinstance(follower, JobSpec):
            enqueue_with(follower, event_fields)
        elif follower.follows(event):
            arguments = {**event_fields, **follower.arguments}
            # What is published within a savepoint goes with it if it is rolled back.
            if follower.several is None or open_session().in_nested_transaction():
                enqueue_with(follower.job, arguments)
            else:
                _gathered_jobs().add(follower.job, follower.several, arguments)
    shown: ConsoleChanges = current_app.extensions["console_changes"]
    if (change := shown.get(type(event))) is not None:
        changes.announce("console", kind=change.kind, id=str(event_fields[change.id]))


def publish_each(events: Sequence[Event]) -> None:
    """Publish many events of one kind. Where only durable jobs follow them, those are written together."""
    if not events:
        return
    subscriptions: Subscriptions = current_app.extensions["subscriptions"]
    shown: ConsoleChanges = current_app.extensions["console_changes"]
    kind = type(events[0])
    jobs = [each for each in subscriptions[kind] if isinstance(each, JobSpec) and each.durable]
    if len(jobs) < len(subscriptions[kind]) or kind in shown:
        for event in events:
            publish(event)
        return
    for job in jobs:
        _insert_each(job, [_make_row(job, fields_of_event(event)) for event in events])


class GatheredJobs:
    """Jobs for people that one transaction leaves. At its end those of one person become one job."""

    def __init__(self) -> None:
        self._jobs: dict[tuple[str, Scalar], tuple[JobSpec, JobSpec, list[Mapping[str, Scalar]]]] = {}

    def add(self, job: JobSpec, several: JobSpec, arguments: Mapping[str, Scalar]) -> None:
        """Add a job to those of its person, or begin with it."""
        _refuse_objects(job, arguments)
        key = job.name, arguments["user_id"]
        self._jobs.setdefault(key, (job, several, []))[2].append(arguments)

    def __call__(self) -> None:
        for (_, user_id), (job, several, calls) in self._jobs.items():
            if len(calls) == 1:
                enqueue_with(job, calls[0])
            else:
                enqueue_with(several, {"user_id": user_id, "calls": json.dumps(calls)})


def _gathered_jobs() -> GatheredJobs:
    callbacks = open_session().info["before_commit"]
    for each in callbacks:
        if isinstance(each, GatheredJobs):
            return each
    gathered = GatheredJobs()
    before_commit(gathered)
    return gathered


def fields_of_event(event: Event) -> dict[str, Scalar]:
    """Give the fields of an event as jobs get them: ids as text, times as the API writes them, all else as it is."""
    return {each.name: _scalar(getattr(event, each.name)) for each in fields(event)}


def _scalar(value: uuid.UUID | datetime | Scalar) -> Scalar:
    if isinstance(value, uuid.UUID):
        return str(value)
    return format_time(value) if isinstance(value, datetime) else value


def unique_key(spec: JobSpec, arguments: Mapping[str, Scalar], *, while_open: bool = False) -> str | None:
    if spec.unique is Unique.NO and not while_open:
        return None
    canonical = json.dumps(arguments, sort_keys=True, separators=(",", ":"))
    return f"{spec.name}:{hashlib.sha256(canonical.encode()).hexdigest()[:32]}"


def _insert(spec: JobSpec, row: dict[str, object]) -> uuid.UUID:
    session = open_session()
    if row["unique_key"] is not None:
        if session.execute(_INSERT_ONCE, row).one_or_none() is None:
            earlier = session.scalar(select(OutboxJob.id).where(OutboxJob.unique_key == row["unique_key"]))
            # It is missing only if it ended between the two statements. Then this call counts as the first.
            return earlier or _insert(spec, row)
    else:
        session.connection().execute(_INSERT, row)  # the session itself would take longer than the database
    return _send_row(spec, row)


def _insert_each(spec: JobSpec, rows: Sequence[dict[str, object]]) -> None:
    """Insert rows, many to a statement. One that is there already is looked at by itself."""
    inserted = set(open_session().connection().execute(_INSERT_ONCE, rows).scalars())
    for row in rows:
        if row["id"] in inserted:
            _send_row(spec, row)
        else:
            _insert(spec, row)


def _send_row(spec: JobSpec, row: dict[str, object]) -> uuid.UUID:
    id_ = row["id"]
    assert isinstance(id_, uuid.UUID)  # noqa: S101 (for the type checker)
    run_after = row["run_after"]
    at = run_after if isinstance(run_after, datetime) and run_after > utcnow() else None
    send_after_commit(wire.durable_message(outbox_id=id_, job=spec.name, delivery=1, at=at))
    return id_


def send_after_commit(message: wire.Message) -> None:
    callbacks = open_session().info["after_commit"]
    if not (callbacks and isinstance(callbacks[-1], Outbound)):
        after_commit(Outbound())
    callbacks[-1].append(message)


def _refuse_objects(spec: JobSpec, arguments: Mapping[str, object]) -> None:
    for name, value in arguments.items():
        if not isinstance(value, str | int | float | bool | None):
            raise TypeError(f"{spec.name}({name}={value!r}): job arguments are ids and scalars")
