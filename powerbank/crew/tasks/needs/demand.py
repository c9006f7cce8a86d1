"""What the next hours want of each station: how many banks leave and arrive, and the fares of an hour.

Where there is a forecast of a station, it says so. A later domain makes it and gives it as a query
(`register_forecast`), so that a pass over all stations stays one query. Elsewhere the same hours of the last four weeks
say it: how many banks left and came back on average.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from powerbank.base.db import first_id_of
from powerbank.content import app_config
from powerbank.stations.messages.arrays import format_array

WEEKS = 4
LONGEST_LOOK_BACK = timedelta(hours=6)  # a rental that came back in an hour began at most so long before

# `rentals` are looked up by the time in their identifiers, so no index but that of the key is needed. Where all
# stations have a forecast there are no hours to look at, and no rental is read.
_DEMAND = """
    forecast AS ({forecast}),
    hours AS (
        SELECT * FROM unnest(CAST(:from_ids AS uuid[]), CAST(:hour_ids AS uuid[]), CAST(:until_ids AS uuid[]),
                             CAST(:back_ids AS uuid[]), CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[]))
                 AS hours (from_id, hour_id, until_id, back_id, begins, ends)
         WHERE EXISTS (SELECT FROM station_live AS live
                        WHERE live.active AND NOT live.maintenance
                          AND (CAST(:stations AS uuid[]) IS NULL OR live.station_id = ANY(CAST(:stations AS uuid[])))
                          AND NOT EXISTS (SELECT FROM forecast WHERE forecast.station_id = live.station_id))),
    gone AS (
        SELECT rental.station_id, count(*) / :weeks AS leave,
               coalesce(sum(rental.price - rental.discount) FILTER (WHERE rental.id < hours.hour_id), 0) / :weeks
               AS fares
          FROM hours JOIN rentals AS rental ON rental.id >= hours.from_id AND rental.id < hours.until_id
         WHERE rental.started_at IS NOT NULL
           AND (CAST(:stations AS uuid[]) IS NULL OR rental.station_id = ANY(CAST(:stations AS uuid[])))
         GROUP BY rental.station_id),
    back AS (
        SELECT rental.return_station_id AS station_id, count(*) / :weeks AS arrive
          FROM hours JOIN rentals AS rental ON rental.id >= hours.back_id AND rental.id < hours.until_id
         WHERE rental.ended_at >= hours.begins AND rental.ended_at < hours.ends
           AND rental.return_station_id IS NOT NULL
           AND (CAST(:stations AS uuid[]) IS NULL OR rental.return_station_id = ANY(CAST(:stations AS uuid[])))
         GROUP BY rental.return_station_id),
    wish AS (
        SELECT station_id, leave, arrive, fares FROM forecast
         UNION ALL
        SELECT station_id, coalesce(gone.leave, 0), coalesce(back.arrive, 0), coalesce(gone.fares, 0)
          FROM gone FULL JOIN back USING (station_id)
         WHERE NOT EXISTS (SELECT FROM forecast WHERE forecast.station_id = coalesce(gone.station_id, back.station_id)))
"""
_NO_FORECAST = """
    SELECT CAST(NULL AS uuid) AS station_id, 0.0 AS leave, 0.0 AS arrive, 0.0 AS fares WHERE false
"""

GiveValues = Callable[[datetime, timedelta], dict[str, Any]]


class _Forecast:
    """The forecast that is plugged in."""

    query: str = _NO_FORECAST
    give_values: GiveValues = staticmethod(lambda _now, _ahead: {})


def register_forecast(query: str, give_values: GiveValues) -> None:
    """Plan by a forecast from now on.

    The query gives `station_id`, `leave`, `arrive` and `fares` of the stations that it knows, of those in `:stations`
    or, if that is null, of all. Its other values are given for a moment and for the time ahead that counts.
    """
    _Forecast.query, _Forecast.give_values = query, staticmethod(give_values)


def write_demand() -> str:
    """Write the parts of a query from which `wish` can be read: what each station will want."""
    return _DEMAND.format(forecast=_Forecast.query)


def values_for(station_ids: Collection[UUID] | None, *, now: datetime) -> dict[str, Any]:
    """Give the values of the query: the hours ahead, and those of the last weeks."""
    ahead = timedelta(hours=max(app_config.current().crew_ahead_hours, 1))
    begins = [now - timedelta(weeks=week) for week in range(1, WEEKS + 1)]
    return _Forecast.give_values(now, ahead) | {
        "stations": None if station_ids is None else format_array(station_ids),
        "weeks": float(WEEKS),
        "from_ids": format_array(first_id_of(moment) for moment in begins),
        "hour_ids": format_array(first_id_of(moment + timedelta(hours=1)) for moment in begins),
        "until_ids": format_array(first_id_of(moment + ahead) for moment in begins),
        "back_ids": format_array(first_id_of(moment - LONGEST_LOOK_BACK) for moment in begins),
        "begins": format_array(begins),
        "ends": format_array(moment + ahead for moment in begins),
    }
