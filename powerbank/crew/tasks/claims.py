"""Claim, begin and release tasks. Of several members who press at once, one has the task.

A member is locked before a task. So a member's claims are counted one after another, and the conditional update of the
task decides between members.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.crew import errors
from powerbank.crew.members.models import Member
from powerbank.crew.members.queries import actor_of
from powerbank.crew.members.services import lock_active_member
from powerbank.crew.shifts.services import note_activity
from powerbank.crew.tasks import queries
from powerbank.crew.tasks.history import note_event
from powerbank.crew.tasks.models import Task
from powerbank.crew.tasks.states import CLOSED, HELD, TaskStatus

SWEEP = "crew-sweep"
UNCLAIMED = {
    "claimed_by": None,
    "claimed_at": None,
    "claimed_until": None,
    "begun_at": None,
    "brought": 0,
    "taken": 0,
    "last_moved_at": None,
}


def claim_task(member_id: UUID, task_id: UUID, *, now: datetime) -> Task:
    """Let a member have a task for a while. A second claim by the same member is the first one again."""
    member = lock_active_member(member_id)
    task = queries.find_task(task_id)
    if not queries.is_in_zones(member, task.station):
        raise errors.outside_zones()
    if task.claimed_by == member.id and task.status in HELD and not _has_expired(task, now):
        return task
    _refuse_another(member, now=now)
    return _take(task, member, by=actor_of(member.id), event="claimed", now=now)


def assign_task(task_id: UUID, *, member_id: UUID, by: str, reason: str | None, now: datetime) -> Task:
    """Let staff give a task to a member, and take it from who has it. What was begun is begun anew."""
    member = lock_active_member(member_id)
    task = queries.lock_task(task_id)
    if task.claimed_by == member.id and task.status in HELD and not _has_expired(task, now):
        return task
    if task.status not in (TaskStatus.OPEN, *HELD):
        raise errors.task_closed(task.status)
    before = task.claimed_by
    if before is not None:
        _free(task)
        note_event(task, "taken_back", by=by, now=now, member_id=before, detail={"reason": reason})
    return _take(task, member, by=by, event="assigned", now=now)


def begin_task(member_id: UUID, task_id: UUID, *, now: datetime) -> Task:
    """Begin a claimed task: from now on the claim does not run out."""
    task = lock_own_task(member_id, task_id, now=now)
    if task.status == TaskStatus.CLAIMED:
        task.status, task.claimed_until, task.begun_at = TaskStatus.BEGUN, None, now
        note_event(task, "begun", by=actor_of(member_id), now=now, member_id=member_id)
        note_activity(member_id, now=now)
    return task


def release_task(member_id: UUID, task_id: UUID, *, now: datetime) -> Task:
    """Give a claimed or begun task back, so that others may claim it."""
    task = lock_own_task(member_id, task_id, now=now)
    _free(task)
    note_event(task, "released", by=actor_of(member_id), now=now, member_id=member_id)
    note_activity(member_id, now=now)
    return task


def lock_own_task(member_id: UUID, task_id: UUID, *, now: datetime) -> Task:
    """Lock a task that a member has claimed or begun, or refuse."""
    lock_active_member(member_id)
    task = queries.lock_task(task_id)
    if task.status in CLOSED:
        raise errors.task_closed(task.status)
    if task.claimed_by is not None and task.claimed_by != member_id:
        raise errors.task_taken()
    if task.status not in HELD or _has_expired(task, now):
        raise errors.task_not_yours()
    return task


def expire_claims(*, now: datetime, most: int = 500) -> int:
    """Give back the tasks whose claims have run out, and count them."""
    query = select(Task).where(Task.status == TaskStatus.CLAIMED, Task.claimed_until <= now)
    late = open_session().scalars(query.limit(most).with_for_update(of=Task, skip_locked=True)).all()
    for task in late:
        member_id = task.claimed_by
        _free(task)
        note_event(task, "expired", by=SWEEP, now=now, member_id=member_id)
    return len(late)


def free_tasks_of(member_id: UUID, *, by: str, event: str, now: datetime) -> int:
    """Give back all that a member has claimed or begun, and count it."""
    query = select(Task).where(Task.claimed_by == member_id, Task.status.in_(HELD)).order_by(Task.id)
    held = open_session().scalars(query.with_for_update(of=Task)).all()
    for task in held:
        _free(task)
        note_event(task, event, by=by, now=now, member_id=member_id)
    return len(held)


def _refuse_another(member: Member, *, now: datetime) -> None:
    most = app_config.current().crew_claims
    held = [task for task in queries.list_held_tasks(member.id) if not _has_expired(task, now)]
    if len(held) >= most:
        raise errors.too_many_claims(most)


def _take(task: Task, member: Member, *, by: str, event: str, now: datetime) -> Task:
    """Claim a task if it is still free, also where a claim has run out that nobody has given back yet."""
    is_free = (Task.status == TaskStatus.OPEN) | ((Task.status == TaskStatus.CLAIMED) & (Task.claimed_until <= now))
    session = open_session()
    session.flush()
    claimed = {
        **UNCLAIMED,
        "status": TaskStatus.CLAIMED,
        "claimed_by": member.id,
        "claimed_at": now,
        "claimed_until": now + timedelta(minutes=app_config.current().crew_claim_minutes),
    }
    taken = session.execute(update(Task).where(Task.id == task.id, is_free).values(claimed).returning(Task.id))
    if taken.one_or_none() is None:
        session.refresh(task)
        raise errors.task_closed(task.status) if task.status in CLOSED else errors.task_taken()
    note_event(task, event, by=by, now=now, member_id=member.id)
    note_activity(member.id, now=now)
    return task


def _free(task: Task) -> None:
    task.status = TaskStatus.OPEN
    for name, value in UNCLAIMED.items():
        setattr(task, name, value)
    open_session().flush()


def _has_expired(task: Task, now: datetime) -> bool:
    return task.claimed_until is not None and task.claimed_until <= now
