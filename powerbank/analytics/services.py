"""Ask for figures to be made."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from powerbank.analytics.buckets.days import DAY
from powerbank.analytics.outlook import demand
from powerbank.analytics.screens.answers import describe_request
from powerbank.base import audit
from powerbank.base.clock import local_day
from powerbank.base.errors import InvalidFieldsError
from powerbank.outbox import operations
from powerbank.outbox.catalogue import analytics_jobs
from powerbank.outbox.operations import Operation
from powerbank.stations.registry import queries as stations

MOST_DAYS = 3700


def request_answer(view: str, arguments: Mapping[str, Any], *, staff_id: UUID, now: datetime) -> Operation:
    """Have an answer made that takes long."""
    asked = describe_request(view, arguments)
    return operations.accept(analytics_jobs.GENERATE_DASHBOARD_ANALYTICS, staff_id=staff_id, request=asked, now=now)


def forecast(station_sn: str, *, now: datetime) -> dict[str, Any]:
    """Forecast the next two days of a station, from what it has now."""
    station = stations.find_station(station_sn)
    live = station.live
    hours = demand.forecast_station(station.id, banks=live.available_banks, slots=live.free_slots, now=now)
    return {
        "station_sn": station.sn,
        "made_for": demand.find_day_made(station.id),
        "hours": hours,
        "error": demand.read_scores(now=now),
    }


def request_fill_in(first: date, last: date, *, staff_id: UUID, now: datetime) -> Operation:
    """Have the figures of all days from one to another made again, both of them included."""
    if last > local_day(now):
        raise InvalidFieldsError({"to": ["Today at most."]}, "Today at most.")
    days = (last - first) // DAY + 1
    if not 1 <= days <= MOST_DAYS:
        told = f"Not after the last day, and at most {MOST_DAYS} days before it."
        raise InvalidFieldsError({"from": [told]}, told)
    asked = {"from": first.isoformat(), "to": last.isoformat()}
    audit.record_by_staff("analytics.fill_in", "analytics", "figures", new=asked)
    return operations.accept(analytics_jobs.FILL_IN_ANALYTICS, staff_id=staff_id, request=asked, now=now, total=days)
