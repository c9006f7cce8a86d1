"""What staff read about jobs: lists by filter, how many there are, and one job."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import Select, func, select

from powerbank.api.exports import export_csv
from powerbank.api.paging import page
from powerbank.base.clock import format_time
from powerbank.base.db import db, first_id_of
from powerbank.base.errors import NotFoundError
from powerbank.outbox.models import SETTLED, OutboxJob, State

MOST_COUNTED = 10_000  # a count beyond this would read more rows than a page may wait for


@dataclass(frozen=True)
class JobFilter:
    """Which jobs are meant. Of the dead ones those that nobody has decided about."""

    state: State
    job: str | None = None
    queue: str | None = None
    error: str | None = None  # a part of the last error
    since: datetime | None = None  # died since, or was made since if it is not dead
    until: datetime | None = None  # of dead ones: died until

    def select_jobs(self) -> Select[Any]:
        query = select(OutboxJob).where(OutboxJob.state == self.state)
        if self.state is State.DEAD:
            query = query.where(OutboxJob.cause.not_in(SETTLED))
        if self.job is not None:
            query = query.where(OutboxJob.job == self.job)
        if self.queue is not None:
            query = query.where(OutboxJob.queue == self.queue)
        if self.error is not None:
            query = query.where(OutboxJob.last_error.icontains(self.error, autoescape=True))
        if self.since is not None:
            dead = self.state is State.DEAD
            query = query.where(
                OutboxJob.finished_at >= self.since if dead else OutboxJob.id >= first_id_of(self.since)
            )
        if self.until is not None:
            query = query.where(OutboxJob.finished_at <= self.until)
        return query


def make_filter(
    *, state: str, job: str | None, queue: str | None, error: str | None, hours: int | None, now: datetime
) -> JobFilter:
    """Make a filter from what staff ask for; `hours` is how far back they look."""
    since = now - timedelta(hours=hours) if hours else None
    return JobFilter(State(state), job=job or None, queue=queue or None, error=error or None, since=since)


def list_jobs(jobs: JobFilter, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of jobs: the dead ones by when they died, the others by when they were made, newest first."""
    query = jobs.select_jobs()
    if jobs.state is State.DEAD:
        return page(query, OutboxJob.finished_at, OutboxJob.id, limit=limit, cursor=cursor, descending=True)
    return page(query, OutboxJob.id, limit=limit, cursor=cursor, descending=True)


def count_jobs(jobs: JobFilter) -> int:
    """Count jobs, up to one more than `MOST_COUNTED`."""
    some = jobs.select_jobs().with_only_columns(OutboxJob.id).limit(MOST_COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def export_jobs(jobs: JobFilter, *, filters: dict[str, Any]) -> Response:
    """Answer with a list of jobs as CSV, in the order of their making."""
    return export_csv(
        "jobs",
        ("id", "job", "queue", "state", "cause", "last_error", "tries", "created_at", "finished_at"),
        jobs.select_jobs(),
        OutboxJob.id,
        lambda row: [_write_row(row)],
        of=("job", jobs.state.value),
        filters=filters,
    )


def _write_row(row: OutboxJob) -> tuple[object, ...]:
    tries = row.failures + row.crashes + (row.state == State.DONE)
    ended = format_time(row.finished_at) if row.finished_at else ""
    made = format_time(row.created_at)
    return (row.id, row.job, row.queue, row.state, row.cause or "", row.last_error or "", tries, made, ended)


def waits_for_decision(row: OutboxJob) -> bool:
    return row.state == State.DEAD and row.cause not in SETTLED


def get_job(job_id: UUID) -> OutboxJob:
    row: OutboxJob | None = db.session.get(OutboxJob, job_id)
    if row is None:
        raise NotFoundError("job")
    return row
