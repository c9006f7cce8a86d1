"""What staff do with tasks: make one, cancel it, and verify or reject the work."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import new_id, open_session
from powerbank.crew import errors
from powerbank.crew.earnings import services as earnings
from powerbank.crew.events import CrewTaskAssigned, CrewWorkRejected
from powerbank.crew.tasks import claims, queries
from powerbank.crew.tasks.history import note_event
from powerbank.crew.tasks.models import Task
from powerbank.crew.tasks.needs import causes
from powerbank.crew.tasks.priorities import rank_of
from powerbank.crew.tasks.states import CLOSED, UNFINISHED, TaskSource, TaskStatus
from powerbank.outbox.enqueue import publish
from powerbank.stations.issues import services as issues
from powerbank.stations.registry.queries import find_station

SETTLED_BY_CREW = "The crew has seen to it."


def make_task(
    station_sn: str,
    *,
    kind: str,
    wants: Mapping[str, int],
    note: str | None,
    by: str,
    now: datetime,
) -> Task:
    """Make a task for staff. The station may have one of each kind that is not over."""
    station = find_station(station_sn)
    session = open_session()
    # What the rules would ask for, where the station has just this trouble and staff say no numbers.
    cause = next((each for each in causes.find_causes([station.id], now=now) if each.kind == kind), None)
    loss = cause.loss if cause is not None else causes.find_loss(station.id, now=now)
    row = {
        "id": new_id(),
        "station_id": station.id,
        "kind": kind,
        "source": TaskSource.STAFF,
        "bring": wants.get("bring", cause.bring if cause and not wants else 0),
        "take": wants.get("take", cause.take if cause and not wants else 0),
        "serials": cause.serials if cause else [],
        "slots": cause.slots if cause else [],
        "note": note,
        "loss": loss,
        "rank": rank_of(loss, now),
        "created_by": by,
        "created_at": now,
    }
    is_unfinished = Task.status.in_(UNFINISHED)
    made = (
        insert(Task)
        .values(row)
        .on_conflict_do_nothing(index_elements=["station_id", "kind"], index_where=is_unfinished)
    )
    task: Task | None = session.scalar(made.returning(Task))
    if task is None:
        known = select(Task.id).where(Task.station_id == station.id, Task.kind == kind, is_unfinished)
        raise errors.task_exists(session.scalar(known))
    note_event(task, "made", by=by, now=now)
    return task


def assign(task_id: UUID, *, member_id: UUID, by: str, reason: str | None, now: datetime) -> Task:
    """Give a task to a member, who is told of it."""
    task = claims.assign_task(task_id, member_id=member_id, by=by, reason=reason, now=now)
    user_id = queries.find_user_of(task)
    if user_id is not None and task.claimed_until is not None:
        publish(
            CrewTaskAssigned(
                user_id=user_id,
                task_id=task.id,
                kind=task.kind,
                station_sn=task.station_sn,
                station=task.station.name,
                claimed_until=task.claimed_until,
            )
        )
    return task


def cancel_task(task_id: UUID, *, reason: str, by: str, now: datetime) -> Task:
    """Cancel a task that is not done, also one that somebody has begun."""
    task = queries.lock_task(task_id)
    if task.status in (*CLOSED, TaskStatus.TO_VERIFY):
        raise errors.task_closed(task.status)
    member_id = task.claimed_by
    close_task(task, TaskStatus.CANCELLED, by=by, reason=reason, now=now)
    note_event(task, "cancelled", by=by, now=now, member_id=member_id, detail={"reason": reason})
    return task


def verify_task(task_id: UUID, *, reason: str | None, by: str, now: datetime) -> Task:
    """Accept work that no station can prove, and pay it. What is done already stays done."""
    task = queries.lock_task(task_id)
    if task.status == TaskStatus.DONE:
        return task
    if task.status != TaskStatus.TO_VERIFY:
        raise errors.task_closed(task.status) if task.status in CLOSED else errors.task_not_yours()
    finish_task(task, by=by, reason=reason, event="verified", now=now)
    return task


def reject_task(task_id: UUID, *, reason: str, by: str, now: datetime) -> Task:
    """Reject work, also work that was paid: what it earned is taken back."""
    task = queries.lock_task(task_id)
    if task.status == TaskStatus.REJECTED:
        return task
    if task.status not in (TaskStatus.TO_VERIFY, TaskStatus.DONE):
        raise errors.task_closed(task.status) if task.status in CLOSED else errors.task_not_yours()
    earnings.reverse_task(task, now=now)
    close_task(task, TaskStatus.REJECTED, by=by, reason=reason, now=now)
    note_event(task, "rejected", by=by, now=now, member_id=task.claimed_by, detail={"reason": reason})
    user_id = queries.find_user_of(task)
    if user_id is not None:
        publish(
            CrewWorkRejected(
                user_id=user_id, task_id=task.id, kind=task.kind, station_sn=task.station_sn, reason=reason
            )
        )
    return task


def finish_task(task: Task, *, by: str, event: str, now: datetime, reason: str | None = None) -> None:
    """Close a locked task as done, and pay it, once. What people reported of the station is settled with it."""
    close_task(task, TaskStatus.DONE, by=by, reason=reason, now=now)
    earnings.earn_task(task, now=now)
    for issue_id in queries.list_issues_of(task):
        issues.resolve_issue(issue_id, resolution=SETTLED_BY_CREW, by=by, now=now)
    note_event(task, event, by=by, now=now, member_id=task.claimed_by)


def close_task(task: Task, status: TaskStatus, *, by: str, now: datetime, reason: str | None = None) -> None:
    task.status, task.claimed_until = status, None
    task.closed_at, task.closed_by, task.reason = now, by, reason
    open_session().flush()
