"""The events of achievements."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class AchievementUnlocked(Event):
    user_id: UUID
    achievement_id: UUID
    achievement: str
    achievement_ne: str | None
    points: int
