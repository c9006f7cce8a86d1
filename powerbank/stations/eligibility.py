"""May anything be rented at this station now, and if not, why."""

from datetime import datetime
from uuid import UUID

from powerbank.db import db
from powerbank.stations import errors, queries
from powerbank.stations.hours import is_open
from powerbank.stations.models import Station, StationLive


def rentable_station(sn: str, *, now: datetime, package_id: UUID | None = None) -> Station:
    """The station, or the refusal that the app can act on. That a bank is left is seen when one is reserved."""
    station = queries.public_station(sn)
    live = db.session.get_one(StationLive, station.id, populate_existing=True)
    if station.maintenance:
        raise errors.in_maintenance()
    if not live.online:
        raise errors.offline()
    if not is_open(live.hours, live.timezone, now):
        raise errors.closed()
    if package_id is not None and not queries.is_offered(package_id, station.id):
        raise errors.package_inactive()
    if not station.rent_enabled:
        raise errors.no_bank()
    return station
