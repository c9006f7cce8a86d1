"""Read the counts that are made once a day."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from powerbank.analytics.figures.counted import COUNTED
from powerbank.analytics.screens.spans import Asked, Group, Span
from powerbank.base.clock import local_day
from powerbank.base.db import db

Counts = Mapping[date, Any]
Values = dict[str, float | None]


def read_counts(names: Sequence[str], first: Span, last: Span) -> Counts:
    """Read the counts of all days from the beginning of one part of time to the end of another, by day."""
    table = COUNTED[names[0]].table
    query = select(table).where(table.day >= first.first_day, table.day <= last.last_day).order_by(table.day)
    return {row.day: row for row in db.session.scalars(query)}


def newest(names: Sequence[str], counts: Counts, span: Span) -> Values:
    """Give the newest count of a part of time. None of a figure: nobody counted in it."""
    days = [day for day in counts if span.first_day <= day <= span.last_day]
    row = counts[max(days)] if days else None
    return {name: COUNTED[name].value(row) for name in names}


def pieces(names: Sequence[str], counts: Counts, asked: Asked) -> Iterator[tuple[datetime, Values]]:
    """Give the newest count of each piece."""
    begins = [at for _, at in asked.span.pieces(Group.DAY if asked.group == Group.HOUR else asked.group)]
    ends = [*begins[1:], asked.span.until]
    for at, end in zip(begins, ends, strict=True):
        days = [day for day in counts if local_day(at) <= day < local_day(end)] or (
            [local_day(at)] if local_day(at) in counts else []
        )
        row = counts[max(days)] if days else None
        yield at, {name: COUNTED[name].value(row) for name in names}
