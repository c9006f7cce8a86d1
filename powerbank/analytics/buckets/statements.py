"""Write the statements that sum up a source into the hours, from the definitions of its figures."""

from functools import cache

from sqlalchemy import TextClause, text

from powerbank.analytics.buckets.sources import STATEMENTS, Source
from powerbank.analytics.figures.registry import KEPT
from powerbank.analytics.models import ALL
from powerbank.base.clock import HOME

_HOUR = f"date_trunc('hour', at, '{HOME.key}')"


@cache
def sum_source(source: Source) -> TextClause:
    """Sum up the figures of a source by hour: for each station and package, and for all of them together."""
    statement = STATEMENTS[source]
    figures = [figure for figure in KEPT if figure.source == source]
    names = ", ".join(figure.name for figure in figures)
    sums = ", ".join(f"{figure.expression} AS {figure.name}" for figure in figures)
    changes = ", ".join(f"{figure.name} = excluded.{figure.name}" for figure in figures)
    station = f"coalesce(station_id, '{ALL}')" if statement.has_station else f"CAST('{ALL}' AS uuid)"
    package = f"coalesce(package_id, '{ALL}')" if statement.has_package else f"CAST('{ALL}' AS uuid)"
    sets = [_HOUR]
    if statement.has_station:
        sets.append(f"{_HOUR}, station_id")
    if statement.has_package:
        sets += [f"{_HOUR}, package_id", f"{_HOUR}, station_id, package_id"]
    groups = ", ".join(f"({each})" for each in sets)
    return text(
        f"""INSERT INTO figure_hours AS kept (at, station_id, package_id, {names})
            SELECT {_HOUR}, {station}, {package}, {sums} FROM ({statement.rows}) AS happened
             GROUP BY GROUPING SETS ({groups})
                ON CONFLICT (station_id, package_id, at) DO UPDATE SET {changes}"""  # noqa: S608  # nosec B608
    )


@cache
def clear_lasting_columns() -> TextClause:
    """Set the figures of the sources whose rows stay to zero; what the others gave once is kept."""
    zero = ", ".join(f"{figure.name} = 0" for figure in KEPT if not STATEMENTS[figure.source].is_pruned)
    return text(f"UPDATE figure_hours SET {zero} WHERE at >= :since AND at < :until")  # noqa: S608  # nosec B608
