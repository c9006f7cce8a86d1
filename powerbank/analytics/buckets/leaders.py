"""Find the stations that earned most in the last days, so that a page that shows them need not compare all of them."""

from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.analytics.buckets.days import DAY, HOUR
from powerbank.analytics.models import ALL, NONE, FigureDay, FigureHour, FoldMark, Leader
from powerbank.base.clock import local_day
from powerbank.base.db import db, open_session
from powerbank.stations.models import Station

# Pages show the first twenty, by what they earned until now.
PLACES = 40
FEW_STATIONS = 5000
# How long the stations of the last days stay as they are where there are more. Of many days one hour changes little.
KEPT_FOR = MappingProxyType(
    {
        1: timedelta(minutes=30),
        7: timedelta(minutes=30),
        30: timedelta(hours=6),
        90: timedelta(hours=24),
    }
)


def make_leaders(now: datetime) -> None:
    """Find the stations that earned most in the last day, week, month and three months again."""
    session = open_session()
    # Whoever folds holds this row, so two folds do not write at once.
    mark = session.scalar(select(FoldMark).with_for_update())
    stations = session.scalar(select(func.count()).select_from(Station)) or 0
    made = {row[0]: row[1] for row in session.execute(select(Leader.days, Leader.made_at).where(Leader.place == 1))}
    if mark is None:
        return
    for days, kept_for in KEPT_FOR.items():
        if stations <= FEW_STATIONS or days not in made or made[days] < now - kept_for:
            _make(days, now)


def list_leaders(days: int) -> list[UUID]:
    return list(db.session.scalars(select(Leader.station_id).where(Leader.days == days).order_by(Leader.place)))


def _make(days: int, now: datetime) -> None:
    session = open_session()
    table: type[FigureDay] | type[FigureHour]
    since: ColumnElement[bool]
    if days == 1:
        table, since = FigureHour, FigureHour.at > now - 24 * HOUR
    else:
        table, since = FigureDay, FigureDay.day > local_day(now) - days * DAY
    earned = func.sum(table.revenue_fares + table.revenue_overdue + table.revenue_sales)
    best = (
        select(table.station_id, earned.label("earned"))
        .where(since, table.package_id == ALL, table.station_id.not_in((ALL, NONE)))
        .group_by(table.station_id)
        .order_by(earned.desc(), table.station_id)
        .limit(PLACES)
        .subquery()
    )
    place = func.row_number().over(order_by=(best.c.earned.desc(), best.c.station_id))
    session.execute(delete(Leader).where(Leader.days == days))
    rows = select(literal(days), place, best.c.station_id, literal(now))
    session.execute(insert(Leader).from_select(["days", "place", "station_id", "made_at"], rows))
