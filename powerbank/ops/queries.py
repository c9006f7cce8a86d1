"""What the network's machinery looks like right now. PostgreSQL answers, so a wiped Redis changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Row, func, select

from jobs import catalogue
from jobs.policy import BACKLOG_ALARMS, Queue
from powerbank import heartbeats
from powerbank.api.paging import page
from powerbank.db import db, utcnow
from powerbank.ledger import reconciliation
from powerbank.outbox import Cause, OutboxJob, State
from powerbank.schedules import ScheduleState, next_slot

STUCK_AFTER = 300  # seconds; a due job that waits longer than this means that nobody works


@dataclass(frozen=True)
class Problem:
    key: str
    kind: str  # queue_backlog, no_workers, no_daemon, job_overdue, dead_letters, ledger_mismatch
    detail: str


@dataclass(frozen=True)
class QueueHealth:
    status: str
    workers: int
    queue_lengths: dict[str, int]
    oldest_age_s: float
    alerts: list[Problem]


def queue_health() -> QueueHealth:
    now = utcnow()
    waiting = _waiting(now)
    workers = heartbeats.living("worker")
    problems = list(_problems(waiting, workers, now))
    oldest = max((_age(row.oldest, now) for row in waiting), default=0.0)
    return QueueHealth(
        status=_status(problems, workers, oldest),
        workers=len(workers),
        queue_lengths={queue.value: sum(row.waiting for row in waiting if row.queue == queue) for queue in Queue},
        oldest_age_s=round(oldest, 1),
        alerts=problems,
    )


def _status(problems: list[Problem], workers: list[heartbeats.Heartbeat], oldest: float) -> str:
    if not workers or oldest > STUCK_AFTER:
        return "unhealthy"
    return "warning" if problems else "healthy"


def _waiting(now: datetime) -> list[Row[tuple[str, str, int, datetime, datetime]]]:
    """Open jobs that are due, by queue and job."""
    query = (
        select(
            OutboxJob.queue,
            OutboxJob.job,
            func.count().label("waiting"),
            func.min(OutboxJob.run_after).label("oldest"),
            func.min(OutboxJob.created_at).label("accepted"),
        )
        .where(OutboxJob.state == State.OPEN, OutboxJob.run_after <= now)
        .group_by(OutboxJob.queue, OutboxJob.job)
    )
    return list(db.session.execute(query))


def _problems(
    waiting: list[Row[tuple[str, str, int, datetime, datetime]]],
    workers: list[heartbeats.Heartbeat],
    now: datetime,
) -> Iterator[Problem]:
    for queue in Queue:
        length = sum(row.waiting for row in waiting if row.queue == queue)
        limit = BACKLOG_ALARMS.get(queue)
        if limit is not None and length > limit:
            yield Problem(f"queue_backlog:{queue}", "queue_backlog", f"{length} jobs wait in {queue}")
        if not any(queue in worker.queues for worker in workers):
            yield Problem(f"no_workers:{queue}", "no_workers", f"no worker is alive on {queue}")
    for row in waiting:
        spec = catalogue.find(row.job)
        if spec and spec.alarm and _age(row.accepted, now) > spec.alarm:
            detail = f"a {row.job} has been open for {_age(row.accepted, now):.0f} s"
            yield Problem(f"job_overdue:{row.job}", "job_overdue", detail)
    if current_app.config["SETTINGS"].mqtt_url and not any(each.listens for each in heartbeats.living("mqtt")):
        yield Problem("no_daemon", "no_daemon", "no daemon hears what stations say")
    yield from _dead_letters()
    if difference := reconciliation.last_difference():
        yield Problem("ledger_mismatch", "ledger_mismatch", difference)


def _dead_letters() -> Iterator[Problem]:
    query = (
        select(OutboxJob.job, func.count())
        .where(OutboxJob.state == State.DEAD, OutboxJob.cause != Cause.DISCARDED)
        .group_by(OutboxJob.job)
    )
    for job, count in db.session.execute(query):
        yield Problem(f"dead_letters:{job}", "dead_letters", f"{count} dead {job} wait for a decision")


def _age(moment: datetime, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds())


@dataclass(frozen=True)
class ScheduleRow:
    name: str
    job: str
    cron: str
    timezone: str
    last_run_at: datetime | None
    last_status: str | None
    last_duration_ms: int | None
    next_run_at: datetime


def schedule_list() -> list[ScheduleRow]:
    """The catalogue's entries with what the table knows of them; before the first tick it knows nothing."""
    states = {row.name: row for row in db.session.scalars(select(ScheduleState))}
    now = utcnow()
    rows = []
    for entry in catalogue.SCHEDULES:
        state = states.get(entry.name)
        rows.append(
            ScheduleRow(
                name=entry.name,
                job=entry.job.name,
                cron=entry.cron,
                timezone=entry.timezone,
                last_run_at=state.last_run_at if state else None,
                last_status=state.last_status if state else None,
                last_duration_ms=state.last_duration_ms if state else None,
                next_run_at=state.next_run_at if state else next_slot(entry, now),
            )
        )
    return rows


def job_page(*, state: str, job: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    query = select(OutboxJob).where(OutboxJob.state == state)
    if job is not None:
        query = query.where(OutboxJob.job == job)
    if state == State.DEAD:
        query = query.where(OutboxJob.cause != Cause.DISCARDED)
        return page(query, OutboxJob.finished_at, OutboxJob.id, limit=limit, cursor=cursor, descending=True)
    return page(query, OutboxJob.id, limit=limit, cursor=cursor, descending=True)
