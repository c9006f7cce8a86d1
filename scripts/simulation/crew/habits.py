"""When a member works, how fast things go, and where they begin."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from scripts.simulation.crew.places import Point


@dataclass(frozen=True)
class Habits:
    """The habits of one member. Tests make the times short."""

    begins: time
    ends: time
    home: Point
    zone: tzinfo = UTC
    metres_a_second: float = 9.0  # a scooter in a town
    step: float = 20.0  # seconds between two places that the phone tells
    look: float = 15.0  # seconds between two looks at the phone
    handling: float = 6.0  # seconds for each power bank, and for getting off
    chore: float = 90.0  # seconds that work by hand takes
    patience: float = 150.0  # seconds to wait for what the station says
    break_after: timedelta = timedelta(hours=2)
    break_lasts: timedelta = timedelta(minutes=15)
    most_tasks: int = 3

    def is_working_time(self, now: datetime) -> bool:
        """Tell whether it is between begin and end, also where the night lies between them."""
        at = now.astimezone(self.zone).time()
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends
