"""Write the statements that make hours and days again, from the definitions of their figures.

One statement sums up every source by hour, station and package, compares that with the rows that are there, and writes
the rows that differ, hours and days together, and adds the same differences to the sums of towns and partners. What
does not differ is not written: of a station at which nothing happened since, the fold touches no row.
"""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import TextClause, text

from powerbank.analytics.buckets.sources import STATEMENTS, Source
from powerbank.analytics.figures.figure import Figure
from powerbank.analytics.figures.registry import KEPT
from powerbank.analytics.models import ALL
from powerbank.base.clock import HOME

_HOUR = f"date_trunc('hour', at, '{HOME.key}')"
_DAY = f"CAST(timezone('{HOME.key}', at) AS date)"
MEMORY = "64MB"  # for the groups of an hour, so that they need no file
WITH_MEMORY = text(f"SET LOCAL work_mem = '{MEMORY}'")


@cache
def make_hours(*, is_whole_day: bool, is_pruned: bool, is_old: bool) -> TextClause:
    """Make the hours from `:since` to `:until` again, and with them their day.

    A whole day is compared with its own row. The day of single hours changes by as much as its hours do, and so do the
    selections of a station; those of a whole day are made by themselves. Of an old day the hours of single stations are
    not kept. Where the rows of a source are deleted by now (`is_pruned`), what was summed up from them stays as it is.
    """
    kept = [figure for figure in KEPT if not (is_pruned and STATEMENTS[figure.source].is_pruned)]
    names = [figure.name for figure in kept]
    hours = f"SELECT at, station_id, package_id, {list_names(names)} FROM"
    kept_hours = f"{hours} figure_hours WHERE at >= :since AND at < :until"
    days = f"SELECT {_DAY} AS day, station_id, package_id, {sum_names(names)} FROM made GROUP BY 1, 2, 3"  # noqa: S608  # nosec B608
    kept_days = f"SELECT day, station_id, package_id, {list_names(names)} FROM figure_days WHERE day = :day"  # noqa: S608  # nosec B608
    return text(f"""
        WITH made AS MATERIALIZED ({_sum_sources(kept)}),
        differs AS MATERIALIZED ({_difference("at", names, f"{hours} made", kept_hours)}),
        day_differs AS MATERIALIZED (
            {_difference("day", names, days, kept_days) if is_whole_day else _sum_by_day(names)}),
        hours AS (
            INSERT INTO figure_hours AS kept (at, station_id, package_id, {list_names(names)})
            SELECT at, station_id, package_id, {list_names(names)} FROM differs
             {f"WHERE station_id = '{ALL}'" if is_old else ""}
             ORDER BY station_id, package_id, at
                ON CONFLICT (station_id, package_id, at) DO UPDATE SET {add_names(names)})
        {"" if is_whole_day else _add_to_selections(names)}
        INSERT INTO figure_days AS kept (day, station_id, package_id, {list_names(names)})
        SELECT day, station_id, package_id, {list_names(names)} FROM day_differs ORDER BY station_id, package_id
            ON CONFLICT (station_id, package_id, day) DO UPDATE SET {add_names(names)}
    """)  # noqa: S608  # nosec B608


def _sum_sources(kept: Sequence[Figure]) -> str:
    """Sum up all sources by hour: for each station and package, and for all of them together.

    Each source is first summed up by itself, so that what is grouped four ways is few rows. A row without a package
    counts for its station and for the network only, and one without a station for the network only.
    """
    sources = [source for source in STATEMENTS if any(figure.source == source for figure in kept)]
    parts = "\n UNION ALL ".join(_sum_source(source, kept) for source in sources)
    sums = ", ".join(f"coalesce(sum_whole({figure.name}), 0) AS {figure.name}" for figure in kept)
    return f"""
        SELECT at, coalesce(station_id, '{ALL}') AS station_id, coalesce(package_id, '{ALL}') AS package_id, {sums}
          FROM ({parts}) AS happened
         GROUP BY GROUPING SETS ((at), (at, station_id), (at, package_id), (at, station_id, package_id))
        HAVING NOT (grouping(station_id) = 0 AND station_id IS NULL)
           AND NOT (grouping(package_id) = 0 AND package_id IS NULL)"""  # noqa: S608  # nosec B608


def _sum_source(source: Source, kept: Sequence[Figure]) -> str:
    statement = STATEMENTS[source]
    station = "station_id" if statement.has_station else "CAST(NULL AS uuid)"
    package = "package_id" if statement.has_package else "CAST(NULL AS uuid)"
    sums = ", ".join(
        f"CAST({figure.expression if figure.source == source else 'NULL'} AS bigint) AS {figure.name}"
        for figure in kept
    )
    return f"""
        SELECT {_HOUR} AS at, {station} AS station_id, {package} AS package_id, {sums}
          FROM ({statement.rows}) AS {source} GROUP BY 1, 2, 3"""  # noqa: S608  # nosec B608


def _difference(key: str, names: Sequence[str], made: str, kept: str) -> str:
    """Take what is kept from what was made, and leave out the rows in which nothing differs.

    The rows are joined, and not summed up with opposite signs: a sum of large integers is a numeric, which costs some
    times as much as a comparison, and in most rows nothing differs.
    """
    less = ", ".join(f"coalesce(made.{name}, 0) - coalesce(kept.{name}, 0) AS {name}" for name in names)
    differs = " OR ".join(f"coalesce(made.{name}, 0) <> coalesce(kept.{name}, 0)" for name in names)
    return f"""
        SELECT {key}, station_id, package_id, {less} FROM ({made}) AS made
          FULL JOIN ({kept}) AS kept USING ({key}, station_id, package_id) WHERE {differs}"""  # noqa: S608  # nosec B608


def _add_to_selections(names: Sequence[str]) -> str:
    """Add what differs at stations to the hours and the day of their towns and partners."""
    selected = "JOIN figure_selected_stations USING (station_id) WHERE :day BETWEEN starts_on AND last_day"
    added = f"selection, package_id, {list_names(names)}"
    sums = f"selection, package_id, {sum_names(names)}"
    return f"""
        , selection_hours AS (
            INSERT INTO figure_selection_hours AS kept (at, {added})
            SELECT at, {sums} FROM differs {selected} GROUP BY at, selection, package_id HAVING {is_any(names)}
             ORDER BY selection, package_id, at
                ON CONFLICT (selection, package_id, at) DO UPDATE SET {add_names(names)}),
        selection_days AS (
            INSERT INTO figure_selection_days AS kept (day, {added})
            SELECT day, {sums} FROM day_differs {selected} GROUP BY day, selection, package_id HAVING {is_any(names)}
             ORDER BY selection, package_id
                ON CONFLICT (selection, package_id, day) DO UPDATE SET {add_names(names)})"""  # noqa: S608  # nosec B608


def _sum_by_day(names: Sequence[str]) -> str:
    return f"""
        SELECT {_DAY} AS day, station_id, package_id, {sum_names(names)} FROM differs
         GROUP BY 1, 2, 3 HAVING {is_any(names)}"""  # noqa: S608  # nosec B608


def list_names(names: Sequence[str]) -> str:
    return ", ".join(names)


def sum_names(names: Sequence[str]) -> str:
    return ", ".join(f"sum_whole({name}) AS {name}" for name in names)


def is_any(names: Sequence[str]) -> str:
    return " OR ".join(f"sum_whole({name}) <> 0" for name in names)


def add_names(names: Sequence[str]) -> str:
    return ", ".join(f"{name} = kept.{name} + excluded.{name}" for name in names)
