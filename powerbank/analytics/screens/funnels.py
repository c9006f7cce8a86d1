"""How far people came who signed up in a time, where they came from, and what became of the people of each week."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, func, select

from powerbank.analytics.buckets.days import WEEK, day_begins, monday_of
from powerbank.analytics.models import CohortWeek, FunnelDay
from powerbank.analytics.screens.spans import Asked, Group, Span
from powerbank.analytics.screens.writing import Figures, Parts, write
from powerbank.base.clock import format_time
from powerbank.base.db import db

# The columns of the table, under the names of the figures.
_COLUMNS = {
    "signed_up": FunnelDay.signed_up,
    "identity_approved": FunnelDay.verified,
    "topped_up_once": FunnelDay.topped_up,
    "rented_once": FunnelDay.rented,
    "rented_again": FunnelDay.rented_again,
}
ENOUGH = 30  # people; of fewer, a share says little


def answer_funnel(asked: Asked) -> Parts:
    totals, previous = (write(_share(_read_steps(span))) for span in (asked.span, asked.previous))
    group = Group.DAY if asked.group == Group.HOUR else asked.group
    found = _read_pieces(asked.span, group)
    nothing = dict.fromkeys(_COLUMNS, 0)
    series = [{"at": format_time(at)} | write(_share(found.get(key, nothing))) for key, at in asked.span.pieces(group)]
    return totals, previous, series, read_origins(asked.span)


def read_origins(span: Span) -> list[Figures]:
    """Read the steps by where people came from, so that referrals and coupons stand beside the others."""
    sums = [func.sum(column) for column in _COLUMNS.values()]
    query = select(FunnelDay.origin, *sums).where(*_days(span)).group_by(FunnelDay.origin).order_by(FunnelDay.origin)
    return [
        {"origin": row[0], "is_enough": int(row[4] or 0) >= ENOUGH}
        | write(_share(dict(zip(_COLUMNS, map(int, row[1:]), strict=True))))
        for row in db.session.execute(query)
    ]


def answer_cohorts(asked: Asked) -> Parts:
    """Answer with a row for each week of sign-ups, which has what its people did week by week."""
    cohorts = _read_cohorts(asked.span)
    people = sum(each["cohort_people"] for each in cohorts)
    active = sum(week["cohort_active"] for each in cohorts for week in each["weeks"] if week["week"] == 1)
    old_enough = sum(each["cohort_people"] for each in cohorts if any(week["week"] == 1 for week in each["weeks"]))
    totals = write({"cohort_people": people, "retained_percent": 100 * active / old_enough if old_enough else None})
    before = sum(each["cohort_people"] for each in _read_cohorts(asked.previous))
    return totals, write({"cohort_people": before}), cohorts, []


def _read_cohorts(span: Span) -> list[Figures]:
    first, last = monday_of(span.first_day), monday_of(span.last_day)
    week = func.date_trunc("week", FunnelDay.day).cast(Date)
    sizes: Mapping[date, int] = {
        row[0]: int(row[1])
        for row in db.session.execute(
            select(week, func.sum(FunnelDay.signed_up))
            .where(FunnelDay.day >= first, FunnelDay.day < last + WEEK)
            .group_by(week)
        )
    }
    did: dict[date, list[CohortWeek]] = defaultdict(list)
    for row in db.session.scalars(
        select(CohortWeek).where(CohortWeek.cohort >= first, CohortWeek.cohort <= last).order_by(CohortWeek.week)
    ):
        did[row.cohort].append(row)
    newest = max((row.week for rows in did.values() for row in rows), default=last)
    cohorts = []
    while first <= last:
        by_week = {row.week: row for row in did[first]}
        cohorts.append(
            {"at": format_time(day_begins(first)), "cohort_people": sizes.get(first, 0)}
            | {"weeks": _weeks(first, newest, sizes.get(first, 0), by_week)}
        )
        first += WEEK
    return cohorts


def _weeks(cohort: date, newest: date, people: int, rows: Mapping[date, CohortWeek]) -> list[Figures]:
    weeks, week = [], cohort
    while week <= newest:
        active = rows[week].people if week in rows else 0
        figures = {
            "cohort_active": active,
            "cohort_rentals": rows[week].rentals if week in rows else 0,
            "retained_percent": 100 * active / people if people else None,
        }
        weeks.append({"week": (week - cohort) // WEEK} | write(figures))
        week += WEEK
    return weeks


def _read_steps(span: Span) -> dict[str, int]:
    row = db.session.execute(select(*(func.sum(each) for each in _COLUMNS.values())).where(*_days(span))).one()
    return {name: int(value or 0) for name, value in zip(_COLUMNS, row, strict=True)}


def _read_pieces(span: Span, group: Group) -> dict[datetime | date, dict[str, int]]:
    piece = func.date_trunc(group.value, FunnelDay.day).cast(Date)
    query = select(piece, *(func.sum(each) for each in _COLUMNS.values())).where(*_days(span)).group_by(piece)
    return {row[0]: dict(zip(_COLUMNS, map(int, row[1:]), strict=True)) for row in db.session.execute(query)}


def _share(steps: Mapping[str, int]) -> dict[str, Any]:
    again = 100 * steps["rented_again"] / steps["rented_once"] if steps["rented_once"] else None
    return {**steps, "again_percent": again}


def _days(span: Span) -> tuple[Any, Any]:
    return FunnelDay.day >= span.first_day, FunnelDay.day <= span.last_day
