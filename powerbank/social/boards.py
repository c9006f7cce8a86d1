"""The boards to which a moment belongs: all time, its month and its ISO week, by the calendar of the home time zone."""

from datetime import datetime, time, timedelta
from enum import StrEnum

from powerbank.base.clock import HOME

ALL = "all"
WEEK = timedelta(days=7)


class Period(StrEnum):
    ALL = "all"
    MONTH = "month"
    WEEK = "week"


def board_at(period: Period, at: datetime) -> str:
    """Return the name of the board of a period at a moment, such as `week:2026-47`."""
    day = at.astimezone(HOME).date()
    if period is Period.MONTH:
        return f"month:{day:%Y-%m}"
    if period is Period.WEEK:
        year, week, _ = day.isocalendar()
        return f"week:{year}-{week:02}"
    return ALL


def boards_at(at: datetime) -> list[str]:
    """Return the names of all boards at a moment, in the order in which their rows are locked."""
    return sorted(board_at(period, at) for period in Period)


def recent_periods(now: datetime) -> list[tuple[str, datetime, datetime]]:
    """Return the boards of this and the last week and month, each with its begin and its end."""
    periods = []
    for period in (Period.WEEK, Period.MONTH):
        begin = _begin_of_period(period, now)
        begin_before = _begin_of_period(period, begin - timedelta(hours=1))
        periods.append((board_at(period, begin_before), begin_before, begin))
        periods.append((board_at(period, begin), begin, now + WEEK))
    return periods


def _begin_of_period(period: Period, at: datetime) -> datetime:
    day = at.astimezone(HOME).date()
    first = day - timedelta(days=day.weekday()) if period is Period.WEEK else day.replace(day=1)
    return datetime.combine(first, time(), HOME)
