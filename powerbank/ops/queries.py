"""How the machinery is right now. All of it is read from PostgreSQL, so a wiped Redis changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import Row, case, func, select

from powerbank.api.paging import page
from powerbank.base.db import db, utcnow
from powerbank.content import app_config
from powerbank.ledger.books import reconciliation
from powerbank.notifications.staff.models import StaffNotice, StaffNoticeRead
from powerbank.ops.models import Alert
from powerbank.outbox import catalogue, heartbeats
from powerbank.outbox.models import SETTLED, OutboxJob, State
from powerbank.outbox.policy import TIME_LIMITS, Queue
from powerbank.outbox.schedules import ScheduleState, is_too_far_ahead, next_slot

STUCK_AFTER = 300  # seconds; a due job that waits longer than this means that nobody works
# Where a job may run for an hour, the jobs behind it wait for as long.
STUCK_AFTER_BY_QUEUE = {
    queue: STUCK_AFTER if limit < TIME_LIMITS[Queue.DEFAULT] else limit for queue, limit in TIME_LIMITS.items()
}
LATE_AFTER = timedelta(minutes=3)  # a tick comes each minute
MISSING_PROGRAMS = {"no_workers", "no_scheduler", "no_daemon", "no_live"}
STANDSTILL = {"no_workers", "no_scheduler", "schedule_late"}
EACH_MINUTE = "* * * * *"
CLOCK_MAY_DIFFER = 2.0  # seconds
NEWS_FOR = timedelta(hours=1)  # after which a dead letter is no news any more
START_ALLOWANCE = timedelta(minutes=1)


# The kinds of alerts.
KINDS = (
    "queue_backlog",
    "no_workers",
    "no_scheduler",
    "schedule_late",
    "no_daemon",
    "no_live",
    "starts_refused",
    "job_overdue",
    "clock_wrong",
    "dead_letters",
    "ledger_mismatch",
)


@dataclass(frozen=True)
class Problem:
    key: str
    kind: str  # queue_backlog, no_workers, no_scheduler, schedule_late, no_daemon, starts_refused, job_overdue, …
    detail: str
    is_news: bool = True  # False: staff know of it, or could have known for long, so that it hides nothing newer


@dataclass(frozen=True)
class QueueHealth:
    status: str
    workers: int
    queue_lengths: dict[str, int]
    oldest_age_s: float
    alerts: list[Problem]


def read_queue_health() -> QueueHealth:
    now = utcnow()
    waiting = count_waiting(now)
    workers = heartbeats.find_living("worker")
    problems = list(_find_problems(waiting, workers, now))
    return QueueHealth(
        status=_judge_status(problems, waiting, now),
        workers=len(workers),
        queue_lengths={queue.value: sum(row.waiting for row in waiting if row.queue == queue) for queue in Queue},
        oldest_age_s=round(max((_seconds_since(row.oldest, now) for row in waiting), default=0.0), 1),
        alerts=problems,
    )


def _judge_status(problems: list[Problem], waiting: list[Row[tuple[str, int, datetime]]], now: datetime) -> str:
    stuck = any(_seconds_since(row.oldest, now) > STUCK_AFTER_BY_QUEUE.get(row.queue, STUCK_AFTER) for row in waiting)
    if stuck or any(problem.kind in STANDSTILL for problem in problems):
        return "unhealthy"
    return "warning" if any(problem.is_news for problem in problems) else "healthy"


def count_waiting(now: datetime) -> list[Row[tuple[str, int, datetime]]]:
    """Count the jobs that are due and that nobody has taken up, by queue."""
    query = (
        select(OutboxJob.queue, func.count().label("waiting"), func.min(OutboxJob.run_after).label("oldest"))
        .where(OutboxJob.state == State.OPEN, OutboxJob.run_after <= now, OutboxJob.claimed_by.is_(None))
        .group_by(OutboxJob.queue)
    )
    return list(db.session.execute(query))


def _find_problems(
    waiting: list[Row[tuple[str, int, datetime]]], workers: list[heartbeats.Heartbeat], now: datetime
) -> Iterator[Problem]:
    lengths = {row.queue: row.waiting for row in waiting}
    rules = app_config.current()
    alarms = {Queue.CRITICAL: rules.queue_alarm_critical, Queue.PAYMENTS: rules.queue_alarm_payments}
    for queue, most in alarms.items():
        if lengths.get(queue, 0) > most:
            yield Problem(f"queue_backlog:{queue}", "queue_backlog", f"{lengths[queue]} jobs wait in {queue}")
    for lane in catalogue.lanes_in_use():
        if not any(lane in worker.queues for worker in workers):
            yield Problem(f"no_workers:{lane}", "no_workers", f"no worker is alive on {lane}")
    yield from _find_overdue_jobs(now)
    yield from _find_schedule_problems(now)
    yield from {problem.key: problem for problem in _find_wrong_clocks()}.values()
    if current_app.config["SETTINGS"].mqtt_url and not any(each.listens for each in heartbeats.find_living("mqtt")):
        yield Problem("no_daemon", "no_daemon", "no daemon hears what stations say")
    if heartbeats.has_died_out("live"):
        yield Problem("no_live", "no_live", "no live process holds event streams, so screens are late")
    if any(each.refuses_starts for each in heartbeats.find_living("web")):
        yield Problem("starts_refused", "starts_refused", "starts of rentals are refused, for they would take too long")
    yield from _find_dead_letters(now)
    if difference := reconciliation.describe_last_difference():
        yield Problem("ledger_mismatch", "ledger_mismatch", difference)


def have_programs_had_time_to_start(now: datetime) -> bool:
    """Say whether all programs can be up: the first run of the monitor may come before the last of them."""
    programs = [each for each in heartbeats.find_living() if each.kind != "web"]
    return any(now - each.started_at > START_ALLOWANCE for each in programs)


def _find_overdue_jobs(now: datetime) -> Iterator[Problem]:
    """Find jobs that are open for longer than they may be. A job that waits for its next try is no younger for that."""
    alarms = {spec.name: spec.alarm for spec in catalogue.all_jobs() if spec.alarm}
    due_since = case((OutboxJob.failures > 0, OutboxJob.created_at), else_=OutboxJob.run_after)
    query = (
        select(OutboxJob.job, func.min(due_since))
        .where(OutboxJob.state == State.OPEN, OutboxJob.job.in_(alarms))
        .group_by(OutboxJob.job)
    )
    for job, since in db.session.execute(query):
        if _seconds_since(since, now) > alarms[job]:
            yield Problem(
                f"job_overdue:{job}", "job_overdue", f"a {job} has been open for {_seconds_since(since, now):.0f} s"
            )


def _find_schedule_problems(now: datetime) -> Iterator[Problem]:
    if not heartbeats.find_living("scheduler"):
        yield Problem("no_scheduler", "no_scheduler", "no scheduler is alive")
    names = [entry.name for entry in catalogue.SCHEDULES]
    slot = db.session.scalar(select(func.min(ScheduleState.next_run_at)).where(ScheduleState.name.in_(names)))
    if slot is not None and now - slot > LATE_AFTER:
        yield Problem("schedule_late", "schedule_late", f"the schedule is {_seconds_since(slot, now):.0f} s behind")
    yield from _find_stopped_tasks(now)


def _find_stopped_tasks(now: datetime) -> Iterator[Problem]:
    """Find tasks that do not run because their slot was moved into the future, which makes nothing late."""
    states = {row.name: row for row in db.session.scalars(select(ScheduleState))}
    for entry in catalogue.SCHEDULES:
        state = states.get(entry.name)
        if state is None:
            continue
        stopped = is_too_far_ahead(entry, state.next_run_at, now)
        if entry.cron == EACH_MINUTE and state.last_run_at is not None:
            stopped = stopped or now - state.last_run_at > LATE_AFTER
        if stopped:
            since = f", and last ran {_seconds_since(state.last_run_at, now):.0f} s ago" if state.last_run_at else ""
            detail = f"{entry.name} waits for {state.next_run_at:%Y-%m-%d %H:%M} UTC{since}"
            yield Problem(f"schedule_late:{entry.name}", "schedule_late", detail)


def _find_wrong_clocks() -> Iterator[Problem]:
    for each in heartbeats.find_living():
        if each.clock_ahead is not None and abs(each.clock_ahead) > CLOCK_MAY_DIFFER:
            way = "ahead of" if each.clock_ahead > 0 else "behind"
            detail = f"the clock of {each.host} is {abs(each.clock_ahead):.0f} s {way} the database's"
            yield Problem(f"clock_wrong:{each.host}", "clock_wrong", detail)


class DeadLetters(NamedTuple):
    job: str
    number: int
    newest: datetime


def count_dead_letters() -> list[DeadLetters]:
    """Count the dead letters that wait for a decision, by job."""
    query = (
        select(OutboxJob.job, func.count(), func.max(OutboxJob.finished_at))
        .where(OutboxJob.state == State.DEAD, OutboxJob.cause.not_in(SETTLED))
        .group_by(OutboxJob.job)
        .order_by(OutboxJob.job)
    )
    return [DeadLetters(job, number, newest) for job, number, newest in db.session.execute(query) if newest]


def _find_dead_letters(now: datetime) -> Iterator[Problem]:
    """Find dead letters. The hour in the key lets staff hear of new ones although the old ones still wait.

    A scheduled job has no hour in its key: it is one trouble however often its slot comes.
    """
    seen = _find_read_alerts("dead_letters")
    for job, count, newest in count_dead_letters():
        key = f"dead_letters:{job}"
        if job not in catalogue.SCHEDULED:
            key += f":{newest.astimezone(UTC):%Y-%m-%dT%H}"
        is_news = now - newest < NEWS_FOR and key not in seen
        yield Problem(key, "dead_letters", f"{count} dead {job} wait for a decision", is_news)


def _find_read_alerts(kind: str) -> set[str]:
    """Find the keys of the alerts of this kind whose notice a member of staff has marked as read."""
    read = select(StaffNoticeRead.notice_id).where(StaffNoticeRead.notice_id == StaffNotice.id).exists()
    query = select(StaffNotice.context["key"].astext).where(StaffNotice.type == kind, read)
    return {key for key in db.session.scalars(query) if key is not None}


def alert_page(*, limit: int, cursor: str | None, state: str | None = None, kind: str | None = None) -> dict[str, Any]:
    """Read a page of the alerts that were raised, newest first; they are kept as long as dead letters are."""
    query = select(Alert)
    if state is not None:
        query = query.where(Alert.cleared_at.is_(None) if state == "open" else Alert.cleared_at.is_not(None))
    if kind is not None:
        query = query.where(Alert.kind == kind)
    return page(query, Alert.id, limit=limit, cursor=cursor, descending=True)


def _seconds_since(moment: datetime, now: datetime) -> float:
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


def list_schedules() -> list[ScheduleRow]:
    """List the tasks of the catalogue with the state that the table has; before the first tick it has none."""
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
