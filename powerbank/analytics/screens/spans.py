"""The part of time that somebody asks for, the same part before it, and how it is cut into pieces."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from powerbank.analytics.buckets.days import DAY, HOUR, HOURS_KEPT, day_begins, monday_of
from powerbank.base.clock import local_day
from powerbank.base.errors import InvalidFieldsError

LONGEST = 800  # days


class Range(StrEnum):
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"


class Group(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


DAYS = {Range.WEEK: 7, Range.MONTH: 30, Range.QUARTER: 90}
LENGTHS: Mapping[str, int] = MappingProxyType({str(each): DAYS.get(each, 1) for each in Range})


_LONGEST_PIECE = {Group.DAY: DAY, Group.WEEK: 7 * DAY, Group.MONTH: 31 * DAY}


def _first_of(day: date, group: Group) -> date:
    """Give the first day of the week or month of a day. Weeks begin on Monday, as they do in PostgreSQL."""
    if group == Group.MONTH:
        return day.replace(day=1)
    return monday_of(day) if group == Group.WEEK else day


@dataclass(frozen=True)
class Span:
    """A part of time: whole hours, of which as many as possible are whole days of the network's home."""

    since: datetime
    until: datetime

    @property
    def first_day(self) -> date:
        return local_day(self.since)

    @property
    def last_day(self) -> date:
        return local_day(self.until - HOUR)

    @property
    def days(self) -> float:
        return (self.until - self.since) / DAY

    @property
    def whole_days(self) -> tuple[date, date]:
        """The days that lie wholly in it: the first, and the one after the last. No days if both are the same."""
        first = local_day(self.since)
        if day_begins(first) < self.since:
            first += DAY
        return first, max(first, local_day(self.until))

    @property
    def edges(self) -> list[tuple[datetime, datetime]]:
        """The hours at its ends that belong to days which lie in it in part."""
        first, after = self.whole_days
        if first == after:
            return [(self.since, self.until)]
        edges = ((self.since, day_begins(first)), (day_begins(after), self.until))
        return [(since, until) for since, until in edges if since < until]

    def pieces(self, group: "Group") -> Iterator[tuple[datetime | date, datetime]]:
        """Give the pieces of it: what a piece is known by, and its beginning."""
        if group == Group.HOUR:
            at = self.since.astimezone(UTC)
            while at < self.until:
                yield at, at
                at += HOUR
            return
        day = _first_of(self.first_day, group)
        while day <= self.last_day:
            yield day, day_begins(day)
            day = _first_of(day + _LONGEST_PIECE[group], group)

    def shifted(self, by: timedelta) -> "Span":
        return Span(self.since + by, self.until + by)


@dataclass(frozen=True)
class Asked:
    """What was asked for: a part of time, the one before it that it is compared with, and the pieces."""

    span: Span
    previous: Span
    group: Group
    name: str

    @property
    def pieces_are_all_of_it(self) -> bool:
        """Tell whether the pieces together are the time. Pieces that are days begin before a time that does not."""
        return self.group == Group.HOUR or self.span.since == day_begins(self.span.first_day)

    @property
    def days_up_to_now(self) -> int | None:
        """Give the days of a range that ends now. None: it is no range, but named days."""
        return LENGTHS.get(self.name)


def read_span(*, range_: str | None, first: date | None, last: date | None, group: str | None, now: datetime) -> Asked:
    """Read a range up to now, or days from one to another, both of them included."""
    if first is None and last is None:
        return _up_to_now(Range(range_ or Range.WEEK), group, now)
    if range_ is not None:
        raise InvalidFieldsError({"range": ["Give a range, or from and to."]})
    if first is None or last is None:
        raise InvalidFieldsError({"from" if first is None else "to": ["Give both from and to."]})
    if last < first or (last - first).days >= LONGEST:
        raise InvalidFieldsError({"to": [f"From the first day on, at most {LONGEST} days later."]})
    length = (last - first).days + 1
    span = Span(day_begins(first), day_begins(last + DAY))
    previous = Span(day_begins(first - DAY * length), day_begins(first))
    return Asked(span, previous, _choose_group(group, length, span, now), f"{first}/{last}")


def _up_to_now(range_: Range, group: str | None, now: datetime) -> Asked:
    """Cut a range that ends with this hour. It is compared with the time up to the same hour of an earlier day."""
    midnight = day_begins(local_day(now))
    until = midnight + ((now - midnight) // HOUR + 1) * HOUR
    if range_ == Range.DAY:
        span = Span(until - 24 * HOUR, until)
        return Asked(span, span.shifted(-DAY), _choose_group(group, 1, span, now, default=Group.HOUR), range_)
    days = DAYS[range_]
    span = Span(day_begins(local_day(now) - DAY * (days - 1)), until)
    return Asked(span, span.shifted(-DAY * days), _choose_group(group, days, span, now), range_)


def _choose_group(group: str | None, days: int, span: Span, now: datetime, default: Group | None = None) -> Group:
    chosen = Group(group) if group is not None else default or (Group.DAY if days <= 180 else Group.WEEK)
    if chosen == Group.HOUR and (days > DAYS[Range.QUARTER] or span.since < now - HOURS_KEPT):
        raise InvalidFieldsError({"group": ["Hours are kept for a hundred days, and shown for ninety at once."]})
    return chosen
