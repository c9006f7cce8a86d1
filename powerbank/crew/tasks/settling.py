"""Settle the tasks of a station by what it shows: done without a tap, not needed any more, or still to be done.

The jobs that follow from each change of a station come here, and the planner for what members have in hand.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.crew.tasks import moves
from powerbank.crew.tasks.history import announce, note_event
from powerbank.crew.tasks.models import Task
from powerbank.crew.tasks.needs import causes
from powerbank.crew.tasks.needs.causes import Cause
from powerbank.crew.tasks.services import close_task, finish_task
from powerbank.crew.tasks.states import ABOUT_BANKS, HELD, UNDONE, TaskKind, TaskSource, TaskStatus
from powerbank.outbox.catalogue import crew_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.stations.models import Station

STATION = "station"  # who did it, where no person did
# A member who still moves banks is not interrupted: a task whose cause is gone is done when nothing has moved for so
# long, or at once when all that it wanted has moved.
QUIET = timedelta(seconds=60)


def request_settling(sns: Collection[str]) -> None:
    """Have the tasks of these stations settled soon, if they have any. Called whenever a station has changed."""
    waiting = (
        select(Task.station_id)
        .join(Station, Station.id == Task.station_id)
        .where(Station.sn.in_(sns), Task.status.in_(UNDONE))
        .distinct()
    )
    for station_id in open_session().scalars(waiting).all():
        enqueue(crew_jobs.SETTLE_CREW_TASKS, station_id=str(station_id))


def settle_station(station_id: UUID, *, now: datetime) -> list[Task]:
    """Settle the tasks of a station that are not done, and return those that changed."""
    query = select(Task).where(Task.station_id == station_id, Task.status.in_(UNDONE)).order_by(Task.id)
    tasks = open_session().scalars(query.with_for_update(of=Task).execution_options(populate_existing=True)).all()
    if not tasks:
        return []
    found = {cause.kind: cause for cause in causes.find_causes([station_id], now=now)}
    return [task for task in tasks if _settle(task, found.get(TaskKind(task.kind)), now=now)]


def _settle(task: Task, cause: Cause | None, *, now: datetime) -> bool:
    counted = _count_moves(task, now=now) if task.status in HELD else False
    if _is_done(task, cause, now=now):
        finish_task(task, by=STATION, event="done", now=now)
        return True
    if cause is None and _has_ended(task):
        member_id = task.claimed_by
        close_task(task, TaskStatus.NOT_NEEDED, by=STATION, now=now)
        note_event(task, "not_needed", by=STATION, now=now, member_id=member_id)
        return True
    return counted


def _count_moves(task: Task, *, now: datetime) -> bool:
    """Count the banks that the member has moved here since the claim. True if the count has changed."""
    assert task.claimed_by is not None  # noqa: S101 (CHECK claimed_by)
    assert task.claimed_at is not None  # noqa: S101 (it is set with it)
    moved = moves.count_moves(task.claimed_by, task.station_id, since=task.claimed_at, serials=_serials_meant(task))
    if (moved.brought, moved.taken) == (task.brought, task.taken):
        return False
    task.brought, task.taken, task.last_moved_at = moved.brought, moved.taken, now
    open_session().flush()
    open_session().refresh(task)
    announce(task)
    enqueue(crew_jobs.SETTLE_CREW_TASKS, at=now + QUIET + timedelta(seconds=1), station_id=str(task.station_id))
    return True


def _serials_meant(task: Task) -> Sequence[str] | None:
    """Of faulty banks only those count that the task is about."""
    return task.serials if task.kind == TaskKind.BANK_FAULT and task.serials else None


def _is_done(task: Task, cause: Cause | None, *, now: datetime) -> bool:
    """Tell whether what the station shows proves that its member has done this."""
    if task.status not in HELD:
        return False
    if task.kind in ABOUT_BANKS:
        moved = task.brought + task.taken
        if not moved:
            return False
        has_all = task.brought >= task.bring and task.taken >= task.take and task.bring + task.take > 0
        if task.source == TaskSource.STAFF and has_all:
            return True
        is_quiet = task.last_moved_at is not None and now - task.last_moved_at >= QUIET
        return cause is None and (has_all or is_quiet)
    if task.kind in (TaskKind.OFFLINE, TaskKind.SLOT_FAULT, TaskKind.MISSING_BANK):
        # Somebody has begun, and the station is as it should be now.
        return cause is None and task.status == TaskStatus.BEGUN
    return False


def _has_ended(task: Task) -> bool:
    """Tell whether a task without a cause is over. What staff asked for is over when it is done or cancelled."""
    moved = task.brought + task.taken
    return task.source == TaskSource.RULE and not (task.kind in ABOUT_BANKS and moved)


def is_cause_gone(task: Task, *, now: datetime) -> bool:
    """Tell whether the station shows no reason for this task any more."""
    return all(cause.kind != task.kind for cause in causes.find_causes([task.station_id], now=now))
