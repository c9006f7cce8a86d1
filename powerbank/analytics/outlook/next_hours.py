"""What is expected of all stations in the next hours, as a query that the crew's planner reads as a part of its own."""

from datetime import datetime, timedelta
from typing import Any

from powerbank.analytics.buckets.days import DAY, HOUR, day_begins
from powerbank.analytics.outlook.demand import find_holidays, hour_of_week
from powerbank.base.clock import local_day

OLDEST = 14 * DAY  # what was made longer ago says too little of today
# Each hour counts with the part of it that lies ahead, and the fares are those of the next sixty minutes.
NEXT_HOURS = """
    SELECT demand.station_id, sum(demand.rentals[ahead.hour] * ahead.part) AS leave,
           sum(demand.returns[ahead.hour] * ahead.part) AS arrive,
           sum(demand.rentals[ahead.hour] * ahead.of_next_hour) * demand.fare AS fares
      FROM station_demand AS demand
     CROSS JOIN unnest(CAST(:forecast_hours AS smallint[]), CAST(:forecast_parts AS real[]),
                       CAST(:forecast_of_next_hour AS real[])) AS ahead (hour, part, of_next_hour)
     WHERE demand.made_for >= :forecast_since
       AND (CAST(:stations AS uuid[]) IS NULL OR demand.station_id = ANY(CAST(:stations AS uuid[])))
     GROUP BY demand.station_id
"""


def give_values(now: datetime, ahead: timedelta) -> dict[str, Any]:
    """Give the hours of the week that lie ahead, as the arrays of a forecast count them, and their parts."""
    end, next_hour = now + ahead, now + HOUR
    midnight = day_begins(local_day(now))
    at = midnight + (now - midnight) // HOUR * HOUR
    holidays = find_holidays(local_day(at), local_day(end))
    hours, parts, of_next_hour = [], [], []
    while at < end:
        hours.append(hour_of_week(at, holidays) + 1)
        parts.append(_overlap(at, now, end))
        of_next_hour.append(_overlap(at, now, next_hour))
        at += HOUR
    return {
        "forecast_hours": hours,
        "forecast_parts": parts,
        "forecast_of_next_hour": of_next_hour,
        "forecast_since": local_day(now) - OLDEST,
    }


def _overlap(hour: datetime, begin: datetime, end: datetime) -> float:
    """Tell which part of an hour lies between two moments."""
    return max((min(hour + HOUR, end) - max(hour, begin)) / HOUR, 0.0)
