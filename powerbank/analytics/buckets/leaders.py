"""Find the stations that have most of a figure in the last days, so that a page that shows them need not compare all.

They are found for the whole network, for each town and each partner that has many stations, and for each package.
"""

from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import func, select, text

from powerbank.analytics.buckets.days import DAY, HOUR
from powerbank.analytics.buckets.statements import WITH_MEMORY
from powerbank.analytics.figures.figure import Derived
from powerbank.analytics.figures.registry import ALL_FIGURES
from powerbank.analytics.models import ALL, NONE, FoldMark, Leader
from powerbank.base.clock import HOME, local_day
from powerbank.base.db import db, open_session
from powerbank.stations.models import Station

LEAGUE = (  # what stations are compared by
    *("revenue", "rentals_started", "returns", "minutes_empty", "minutes_full", "minutes_offline", "refused_value"),
    "seconds_to_eject",
)
# A league shows the first hundred, by what they have until now.
PLACES = 120
# Pages show the first twenty. Fewer stations than these are compared when somebody asks.
FEW_PLACES = 40
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


def _value(name: str) -> str:
    """Write what stations are compared by: a figure's sum, or the ratio of two sums."""
    figure = ALL_FIGURES[name]
    if not isinstance(figure, Derived):
        return f"sum({name})"
    above = " - ".join((f"({' + '.join(f'sum({each})' for each in figure.of)})", *(f"sum({e})" for e in figure.less)))
    return f"{above} / nullif({' + '.join(f'sum({each})' for each in figure.per)}, 0)" if figure.per else above


def _make_statement(table: str, times: str, day: str) -> str:
    """Sum up stations by selection and package, and rank them by each figure. A station is in one town, so the towns
    are the network. Of a package only what it earned is compared."""
    values = ", ".join(f"{_value(name)} AS {name}" for name in LEAGUE)
    named = ", ".join(f"('{name}', CAST({name} AS numeric))" for name in LEAGUE)
    return f"""
        WITH large AS (
            SELECT selection FROM figure_selected_stations
             GROUP BY selection HAVING count(*) > :few OR selection LIKE 'city:%'),
        compared AS MATERIALIZED (
            SELECT selection, station_id, package_id, {values}
              FROM figure_{table} JOIN figure_selected_stations AS selected USING (station_id)
              JOIN large USING (selection)
             WHERE {times} AND station_id NOT IN (:all, :none) AND {day} BETWEEN starts_on AND last_day
             GROUP BY selection, station_id, package_id),
        ranked AS (
            SELECT of.selection, package_id, figure, station_id,
                   row_number() OVER (PARTITION BY of.selection, package_id, figure
                                      ORDER BY value DESC NULLS LAST, station_id) AS place
              FROM compared
             CROSS JOIN LATERAL (VALUES (selection), (CASE WHEN selection LIKE 'city:%' THEN '' END)) AS of (selection)
             CROSS JOIN LATERAL (VALUES {named}) AS named (figure, value)
             WHERE of.selection IS NOT NULL AND (package_id = :all OR figure = 'revenue'))
        INSERT INTO figure_leaders (days, selection, package_id, figure, place, station_id, made_at)
        SELECT :days, selection, package_id, figure, place, station_id, :now FROM ranked WHERE place <= :places
    """  # noqa: S608  # nosec B608


_FORGET = text("DELETE FROM figure_leaders WHERE days = :days")
_OF_HOURS = text(_make_statement("hours", "at > :since", f"CAST(timezone('{HOME.key}', at) AS date)"))
_OF_DAYS = text(_make_statement("days", "day > :since", "day"))


def make_leaders(now: datetime) -> None:
    """Find the stations that lead in the last day, week, month and three months again."""
    session = open_session()
    # Whoever folds holds this row, so two folds do not write at once.
    mark = session.scalar(select(FoldMark).with_for_update())
    stations = session.scalar(select(func.count()).select_from(Station)) or 0
    made = {
        row[0]: row[1] for row in session.execute(select(Leader.days, func.max(Leader.made_at)).group_by(Leader.days))
    }
    if mark is None:
        return
    for days, kept_for in KEPT_FOR.items():
        if stations <= FEW_STATIONS or days not in made or made[days] < now - kept_for:
            _make(days, now)


def list_leaders(
    days: int, figure: str, *, selection: str = "", package_id: UUID = ALL, most: int = FEW_PLACES
) -> list[UUID]:
    """List the stations that lead. None: they are few, so all of them can be compared."""
    query = select(Leader.station_id).where(
        Leader.days == days,
        Leader.selection == func.lower(selection),
        Leader.package_id == package_id,
        Leader.figure == figure,
    )
    return list(db.session.scalars(query.order_by(Leader.place).limit(most)))


def _make(days: int, now: datetime) -> None:
    session = open_session()
    session.execute(WITH_MEMORY)
    session.execute(_FORGET, {"days": days})
    values = {"all": ALL, "none": NONE, "few": FEW_PLACES, "places": PLACES, "days": days, "now": now}
    if days == 1:
        session.execute(_OF_HOURS, values | {"since": now - 24 * HOUR})
    else:
        session.execute(_OF_DAYS, values | {"since": local_day(now) - days * DAY})
