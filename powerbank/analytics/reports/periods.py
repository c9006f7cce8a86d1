"""The time of a report: a day, a week or a month that is over, by the name that it has."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from powerbank.analytics.buckets.days import DAY, monday_of
from powerbank.analytics.reports.models import Length
from powerbank.base.errors import InvalidFieldsError

_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
WRONG = "A day such as 2026-11-29, a week such as 2026-W48, or a month such as 2026-11, which is over."


@dataclass(frozen=True)
class Period:
    length: Length
    first: date
    last: date

    @property
    def name(self) -> str:
        if self.length == Length.DAY:
            return self.first.isoformat()
        if self.length == Length.WEEK:
            year, week, _ = self.first.isocalendar()
            return f"{year}-W{week:02d}"
        return f"{self.first:%Y-%m}"


def read_period(written: str, *, today: date) -> Period:
    """Read the name of a day, a week or a month."""
    try:
        period = _read(written)
    except (ValueError, OverflowError):
        raise InvalidFieldsError({"period": [WRONG]}) from None
    if period.last >= today or period.first.year < 2000:
        raise InvalidFieldsError({"period": [WRONG]})
    return period


def last_period(length: Length, *, today: date) -> Period:
    """Give the newest day, week or month that is over."""
    if length == Length.DAY:
        return Period(length, today - DAY, today - DAY)
    if length == Length.WEEK:
        return _week_of(monday_of(today) - 7 * DAY)
    return month_of(today.replace(day=1) - DAY)


def _read(written: str) -> Period:
    if week := _WEEK.fullmatch(written):
        return _week_of(date.fromisocalendar(int(week[1]), int(week[2]), 1))
    if month := _MONTH.fullmatch(written):
        return month_of(date(int(month[1]), int(month[2]), 1))
    day = date.fromisoformat(written)
    return Period(Length.DAY, day, day)


def _week_of(monday: date) -> Period:
    return Period(Length.WEEK, monday, monday + 6 * DAY)


def month_of(day: date) -> Period:
    first = day.replace(day=1)
    return Period(Length.MONTH, first, (first + timedelta(days=31)).replace(day=1) - DAY)
