"""The schedule's truth: a row for each entry, with the time of its next slot.

A tick, however often it comes, claims each due slot by a conditional update; the job of the slot is enqueued
in the same transaction. Cron expressions are read in the entry's own time zone.
"""

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base import audit
from powerbank.base.db import Base, db, open_session, transaction
from powerbank.base.errors import NotFoundError
from powerbank.outbox import catalogue
from powerbank.outbox.enqueue import Scalar, enqueue_with
from powerbank.outbox.policy import JobSpec, Schedule

TOLERANCE = timedelta(minutes=1)  # more than two clocks differ by that follow one database
MAX_CATCH_UP = 40  # missed slots made good at once; a month of days


class ScheduleState(Base):
    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(primary_key=True)
    cron: Mapped[str]
    timezone: Mapped[str]
    next_run_at: Mapped[datetime]
    last_run_at: Mapped[datetime | None]
    last_job_id: Mapped[uuid.UUID | None]
    last_status: Mapped[str | None]  # running, success, failed, missed
    last_duration_ms: Mapped[int | None]


def synchronise(now: datetime) -> None:
    """Make the table follow the catalogue. A changed cron expression counts from now, and so does a slot that lies
    further ahead than the next one can: a clock that was wrong has moved it, and it would stop its task until then.

    Rows that the catalogue does not name stay: during an update another process may know them.
    """
    known = {row.name: row for row in db.session.scalars(select(ScheduleState))}
    changed = [
        entry
        for entry in catalogue.SCHEDULES
        if entry.name not in known
        or (known[entry.name].cron, known[entry.name].timezone) != (entry.cron, entry.timezone)
        or is_too_far_ahead(entry, known[entry.name].next_run_at, now)
    ]
    if not changed:
        return
    with transaction() as session:
        for entry in changed:
            first = now if entry.at_once and entry.name not in known else next_slot(entry, now)
            row = {"cron": entry.cron, "timezone": entry.timezone, "next_run_at": first}
            statement = insert(ScheduleState).values(name=entry.name, **row)
            # Another tick may have written the same change, and run the first slot of it, since we looked.
            differs = (ScheduleState.cron != entry.cron) | (ScheduleState.timezone != entry.timezone)
            differs |= ScheduleState.next_run_at > next_slot(entry, now + TOLERANCE)
            session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row, where=differs))


def is_too_far_ahead(entry: Schedule, slot: datetime, now: datetime) -> bool:
    """Say whether a slot lies further ahead than the next one can. There is some tolerance: a tick whose clock is a
    little behind must not take back the slot that another tick has just claimed."""
    return slot > next_slot(entry, now + TOLERANCE)


def enqueue_due_slots(now: datetime) -> int:
    """Enqueue the job of each slot that is due, and give their number."""
    started = 0
    due = db.session.execute(
        select(ScheduleState.name, ScheduleState.next_run_at).where(ScheduleState.next_run_at <= now)
    ).all()
    entries = {entry.name: entry for entry in catalogue.SCHEDULES}
    for name, slot in due:
        if entry := entries.get(name):
            with transaction():
                started += _run_slots(entry, slot, now)
    return started


def start_now(name: str, now: datetime, *, actor: str) -> uuid.UUID:
    """Start a task by hand, beside its schedule, and give the job's id."""
    entry = next((entry for entry in catalogue.SCHEDULES if entry.name == name), None)
    if entry is None:
        raise NotFoundError("schedule")
    # Before the first tick there is no row yet to note the run in.
    row = {"name": name, "cron": entry.cron, "timezone": entry.timezone, "next_run_at": next_slot(entry, now)}
    open_session().execute(insert(ScheduleState).values(row).on_conflict_do_nothing())
    job_id = _start(entry, now)
    audit.record(
        actor=actor, action="schedule.run", object_kind="schedule", object_id=name, new={"job_id": str(job_id)}
    )
    return job_id


def next_slot(entry: Schedule, after: datetime) -> datetime:
    found = _step(entry, after, "get_next")
    return _step(entry, found, "get_next") if _is_second_of_the_night(entry, found) else found


def _last_slot(entry: Schedule, before: datetime) -> datetime:
    found = _step(entry, before, "get_prev")
    return _step(entry, found, "get_prev") if _is_second_of_the_night(entry, found) else found


def _step(entry: Schedule, moment: datetime, direction: str) -> datetime:
    local = moment.astimezone(ZoneInfo(entry.timezone))
    found: datetime = getattr(croniter(entry.cron, local), direction)(datetime)
    return found.astimezone(UTC)


def _is_second_of_the_night(entry: Schedule, slot: datetime) -> bool:
    """Say whether a slot repeats one when clocks go back: "at 02:30" is meant once then, "each minute" each time."""
    fixed_hour = "*" not in entry.cron.split()[1]
    return fixed_hour and slot.astimezone(ZoneInfo(entry.timezone)).fold == 1


def _run_slots(entry: Schedule, slot: datetime, now: datetime) -> int:
    missed = _missed(entry, slot, now)
    claimed = open_session().execute(
        update(ScheduleState)
        .where(ScheduleState.name == entry.name, ScheduleState.next_run_at == slot)
        .values(next_run_at=next_slot(entry, now))
        .returning(ScheduleState.name)
    )
    if claimed.one_or_none() is None:
        return 0  # another tick was first
    for each in missed:
        _start(entry, each)
    return len(missed)


def _missed(entry: Schedule, first: datetime, now: datetime) -> list[datetime]:
    """List the slots from `first` up to now that are to be run, oldest first; the newest ones if there are too many."""
    most = MAX_CATCH_UP if entry.catch_up else 1
    slots = [_last_slot(entry, now + timedelta(microseconds=1))]
    while len(slots) < most and slots[-1] > first:
        slots.append(_last_slot(entry, slots[-1]))
    return sorted(max(slot, first) for slot in slots)


def note_run(spec: JobSpec, job_id: uuid.UUID, status: str, seconds: float) -> None:
    """Note the result of a scheduled job's last run for people to see. Nothing is noted of other jobs."""
    if spec.name in catalogue.SCHEDULED:
        with transaction():
            note_end(spec.name, job_id, status, last_duration_ms=round(seconds * 1000))


def note_end(job: str, job_id: uuid.UUID, status: str, **values: int) -> None:
    if job in catalogue.SCHEDULED:
        changed = update(ScheduleState).where(ScheduleState.last_job_id == job_id)
        open_session().execute(changed.values(last_status=status, **values))


def _start(entry: Schedule, slot: datetime) -> uuid.UUID:
    arguments: dict[str, Scalar] = dict(entry.arguments)
    if entry.pass_slot:
        arguments["slot"] = slot.isoformat()
    job_id = enqueue_with(entry.job, arguments)
    assert job_id is not None  # noqa: S101 (scheduled jobs are durable; a test holds it)
    open_session().execute(
        update(ScheduleState)
        .where(ScheduleState.name == entry.name)
        .values(last_run_at=func.now(), last_job_id=job_id, last_status="running", last_duration_ms=None)
    )
    return job_id
