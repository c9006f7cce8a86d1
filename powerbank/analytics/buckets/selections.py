"""Keep the sums of each town and each partner, beside those of their stations.

A station moves to another town, and agreements are made and end, also for days that are over. So the fold keeps which
stations its sums have, compares that with how things stand, and takes a station out of a sum or puts it in by adding
what its own rows say. In between, whatever differs at a station is added to the selections of which it is known.
"""

from datetime import date

from sqlalchemy import select, text, update

from powerbank.analytics.buckets.days import DAY, day_begins
from powerbank.analytics.buckets.statements import WITH_MEMORY, add_names, list_names, sum_names
from powerbank.analytics.figures.registry import KEPT
from powerbank.analytics.models import FoldMark
from powerbank.base.clock import HOME
from powerbank.base.db import open_session

CHANGES_AT_ONCE = 2000

_NAMES = [figure.name for figure in KEPT]
_DAY_OF_HOUR = f"CAST(timezone('{HOME.key}', at) AS date)"
_WANTED = """
    SELECT 'city:' || lower(city) AS selection, id AS station_id, DATE '0001-01-01' AS starts_on,
           DATE '9999-12-31' AS last_day, true AS wanted
      FROM stations
     UNION ALL
    SELECT 'partner:' || party.id, agreed.station_id, agreed.starts_on, agreed.last_day, true
      FROM partner_agreement_stations AS agreed
      JOIN partner_agreements AS agreement ON agreement.id = agreed.agreement_id
     CROSS JOIN LATERAL (VALUES (agreement.partner_id), (agreement.franchise_id)) AS party (id)
     WHERE party.id IS NOT NULL"""


def _add_stations(table: str, key: str, day: str) -> str:
    """Add the rows of the stations that came to the sums of a selection, and take off those of the ones that left."""
    sums = ", ".join(f"sum_whole(sign * {name})" for name in _NAMES)
    return f"""
        INSERT INTO figure_selection_{table} AS kept ({key}, selection, package_id, {list_names(_NAMES)})
        SELECT {key}, selection, package_id, {sums}
          FROM changed JOIN figure_{table} USING (station_id) WHERE {day} BETWEEN starts_on AND last_day
         GROUP BY {key}, selection, package_id
            ON CONFLICT (selection, package_id, {key}) DO UPDATE SET {add_names(_NAMES)}"""  # noqa: S608  # nosec B608


def _make_again(table: str, key: str, times: str) -> str:
    """Compare the sums of each selection with those of its stations, and add what differs."""
    less = ", ".join(f"coalesce(made.{name}, 0) - coalesce(had.{name}, 0) AS {name}" for name in _NAMES)
    differs = " OR ".join(f"coalesce(made.{name}, 0) <> coalesce(had.{name}, 0)" for name in _NAMES)
    return f"""
        INSERT INTO figure_selection_{table} AS kept ({key}, selection, package_id, {list_names(_NAMES)})
        SELECT {key}, selection, package_id, {less}
          FROM (SELECT {key}, selection, package_id, {sum_names(_NAMES)}
                  FROM figure_{table} JOIN figure_selected_stations USING (station_id)
                 WHERE {times} AND :day BETWEEN starts_on AND last_day
                 GROUP BY {key}, selection, package_id) AS made
          FULL JOIN (SELECT * FROM figure_selection_{table} WHERE {times}) AS had USING ({key}, selection, package_id)
         WHERE {differs}
            ON CONFLICT (selection, package_id, {key}) DO UPDATE SET {add_names(_NAMES)}"""  # noqa: S608  # nosec B608


_FOLLOW = text(f"""
    WITH changed AS MATERIALIZED (
        SELECT selection, station_id, starts_on, last_day, CASE WHEN wanted THEN 1 ELSE -1 END AS sign
          FROM ({_WANTED}) AS wanted
          FULL JOIN (SELECT *, true AS kept FROM figure_selected_stations) AS kept
               USING (selection, station_id, starts_on, last_day)
         WHERE wanted IS NULL OR kept IS NULL
         ORDER BY selection, station_id LIMIT :most),
    gone AS (
        DELETE FROM figure_selected_stations AS kept USING changed
         WHERE changed.sign = -1 AND (kept.selection, kept.station_id, kept.starts_on, kept.last_day)
                                   = (changed.selection, changed.station_id, changed.starts_on, changed.last_day)),
    come AS (
        INSERT INTO figure_selected_stations (selection, station_id, starts_on, last_day)
        SELECT selection, station_id, starts_on, last_day FROM changed WHERE sign = 1),
    hours AS ({_add_stations("hours", "at", _DAY_OF_HOUR)}),
    days AS ({_add_stations("days", "day", "day")})
    SELECT count(*) FROM changed
""")  # noqa: S608  # nosec B608
_HOURS = text(_make_again("hours", "at", "at >= :since AND at < :until"))
_DAYS = text(_make_again("days", "day", "day = :day"))


def follow_changes() -> int:
    """Put the next stations into their towns and partners, or take them out. Count them: zero if all are right."""
    session = open_session()
    # Whoever folds holds this row, so no figure of these stations changes meanwhile.
    session.scalar(select(FoldMark).with_for_update())
    session.execute(WITH_MEMORY)
    changes = int(session.execute(_FOLLOW, {"most": CHANGES_AT_ONCE}).scalar_one())
    if changes:
        session.execute(update(FoldMark).values(version=FoldMark.version + 1))
    else:
        session.execute(update(FoldMark).where(~FoldMark.has_selections).values(has_selections=True))
    return changes


def make_day(day: date) -> None:
    """Make the sums of a day again, and those of its hours, from what the stations have."""
    session = open_session()
    session.execute(WITH_MEMORY)
    session.execute(_HOURS, {"since": day_begins(day), "until": day_begins(day + DAY), "day": day})
    session.execute(_DAYS, {"day": day})
