"""The events of the crew. `powerbank.subscriptions` says what follows from each of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class CrewTaskAssigned(Event):
    """Staff have given a task to a member."""

    user_id: UUID
    task_id: UUID
    kind: str
    station_sn: str
    station: str
    claimed_until: datetime


@dataclass(frozen=True, kw_only=True)
class CrewWorkRejected(Event):
    """Staff have rejected work, and what it earned is taken back."""

    user_id: UUID
    task_id: UUID
    kind: str
    station_sn: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CrewShiftForgotten(Event):
    """A shift has ended by itself, because nobody ended it."""

    user_id: UUID
    shift_id: UUID
    name: str
    hours: int
    banks: int
