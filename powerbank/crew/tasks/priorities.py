"""How urgent a task is: what the station loses an hour while it stays so, and how long it has been so."""

from datetime import datetime

from powerbank.crew.tasks.models import Task

SECONDS_PER_PAISA = 36  # a task that waits an hour counts a rupee more


def rank_of(loss: int, created_at: datetime) -> int:
    """Give the rank, by which tasks are sorted: a priority without the age that all of them gain alike."""
    return loss - int(created_at.timestamp()) // SECONDS_PER_PAISA


def priority_of(task: Task, *, now: datetime) -> int:
    """Give the priority of a task in paisa an hour."""
    waited = max((now - task.created_at).total_seconds(), 0)
    return task.loss + int(waited) // SECONDS_PER_PAISA
