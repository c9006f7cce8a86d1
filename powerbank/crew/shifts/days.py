"""The days of a member's own time zone, and how many seconds of something lie within one. Pure functions."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

Stretch = tuple[datetime, datetime | None]  # None: it goes on


def began_of_day(moment: datetime, zone: str) -> datetime:
    """Give the midnight with which the local day of a moment began, also on days that are an hour longer or shorter."""
    place = ZoneInfo(zone)
    return datetime.combine(moment.astimezone(place).date(), time(), tzinfo=place).astimezone(UTC)


def seconds_within(stretches: Iterable[Stretch], begin: datetime, end: datetime) -> int:
    """Count the seconds of these stretches that lie between two moments."""
    seconds = 0.0
    for since, until in stretches:
        seconds += max((min(until or end, end) - max(since, begin)).total_seconds(), 0.0)
    return int(seconds)
