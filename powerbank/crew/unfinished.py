"""What is left in the hands of a member of the crew: tasks to do, slots that are opening, and power banks."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.crew import errors
from powerbank.crew.banks import queries as banks
from powerbank.crew.tasks import queries as tasks
from powerbank.crew.tasks.models import Task


@dataclass(frozen=True)
class Unfinished:
    tasks: list[Task]
    serials: list[str]
    openings: int

    def __bool__(self) -> bool:
        return bool(self.tasks or self.serials or self.openings)


def find_unfinished(member_id: UUID) -> Unfinished:
    return Unfinished(
        tasks.list_held_tasks(member_id), banks.list_banks_in_hand(member_id), banks.count_openings(member_id)
    )


def refuse_unfinished(member_id: UUID) -> None:
    """Refuse to let a member end a shift, or leave, who still has something in hand, and say what."""
    left = find_unfinished(member_id)
    if left:
        held = [{"id": str(task.id), "kind": task.kind, "station_sn": task.station_sn} for task in left.tasks]
        raise errors.shift_unfinished(tasks=held, banks=left.serials, openings=left.openings)
