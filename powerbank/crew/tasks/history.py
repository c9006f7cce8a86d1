"""Write down what happened to a task, and tell the screens that show it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from powerbank.base.db import new_id, open_session
from powerbank.crew.members.models import Member
from powerbank.crew.tasks.models import Task, TaskEvent
from powerbank.live import changes


def note_event(
    task: Task,
    event: str,
    *,
    by: str,
    now: datetime,
    member_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Note what has just happened to a locked or changed task."""
    session = open_session()
    session.flush()
    session.refresh(task)
    session.add(
        TaskEvent(id=new_id(), task_id=task.id, at=now, event=event, by=by, member_id=member_id, detail=detail or {})
    )
    session.flush()
    announce(task, member_id)


def note_events(task_ids: Iterable[UUID], event: str, *, by: str, now: datetime) -> None:
    """Note the same of many tasks at once."""
    rows = [{"id": new_id(), "task_id": each, "at": now, "event": event, "by": by, "detail": {}} for each in task_ids]
    if rows:
        open_session().execute(insert(TaskEvent), rows)
        changes.announce("tasks", kind="task", id=None)


def announce(task: Task, *member_ids: UUID | None) -> None:
    """Tell the board, and the members whom it concerns."""
    changes.announce("tasks", kind="task", id=task.id, version=task.version)
    for member_id in {task.claimed_by, *member_ids} - {None}:
        announce_member(member_id)


def announce_member(member_id: UUID | None) -> None:
    """Tell a member that their tasks, power banks or earnings have changed."""
    member = open_session().get(Member, member_id) if member_id is not None else None
    if member is not None:
        changes.announce(changes.topic_of_user(member.user_id), "tasks", kind="crew", id=member.id)
