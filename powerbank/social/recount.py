"""The week's recomputation: what is counted as it happens, counted again."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta

from powerbank.base.local_time import HOME
from powerbank.social import boards, tallies
from powerbank.social.boards import Period

WEEK = timedelta(days=7)


def tasks(*, now: datetime) -> Iterator[Callable[[], int]]:
    """One transaction's work each: this and the last week and month from their events, then all time."""
    for period in (Period.WEEK, Period.MONTH):
        for begin, end in _last_two(period, now):
            board = boards.board(period, begin)
            yield lambda board=board, begin=begin, end=end: tallies.recount_period(board, begin=begin, end=end)  # type: ignore[misc]
    yield lambda: tallies.recount_all_time(boards.ALL)


def boards_to_check(*, now: datetime) -> list[str]:
    periods = [(period, begin) for period in (Period.WEEK, Period.MONTH) for begin, _ in _last_two(period, now)]
    return [boards.ALL, *(boards.board(period, begin) for period, begin in periods)]


def _last_two(period: Period, now: datetime) -> list[tuple[datetime, datetime]]:
    begin = _begin(period, now)
    before = _begin(period, begin - timedelta(hours=1))
    return [(before, begin), (begin, now + WEEK)]


def _begin(period: Period, at: datetime) -> datetime:
    day = at.astimezone(HOME).date()
    first = day - timedelta(days=day.weekday()) if period is Period.WEEK else day.replace(day=1)
    return datetime.combine(first, time(), HOME)
