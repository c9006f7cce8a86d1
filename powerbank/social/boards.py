"""Which boards a moment belongs to: all time, its month and its ISO week, by the calendar of Kathmandu."""

from datetime import datetime
from enum import StrEnum

from powerbank.base.local_time import HOME

ALL = "all"


class Period(StrEnum):
    ALL = "all"
    MONTH = "month"
    WEEK = "week"


def board(period: Period, at: datetime) -> str:
    day = at.astimezone(HOME).date()
    if period is Period.MONTH:
        return f"month:{day:%Y-%m}"
    if period is Period.WEEK:
        year, week, _ = day.isocalendar()
        return f"week:{year}-{week:02}"
    return ALL


def boards(at: datetime) -> list[str]:
    """In the order in which their rows are locked."""
    return sorted(board(period, at) for period in Period)
