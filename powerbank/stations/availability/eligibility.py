"""May anything be rented at this station now, and if not, why."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.stations import errors
from powerbank.stations.availability import presence
from powerbank.stations.models import Station, StationLive
from powerbank.stations.packages import services as packages
from powerbank.stations.packages.models import Package
from powerbank.stations.registry.opening_hours import is_open


def find_rentable_station(sn: str, *, now: datetime) -> Station:
    """The station, or the refusal that the app can act on. That a bank is left is seen when one is reserved."""
    found = db.session.execute(
        # By the database's clock, and here: the sweep that marks silent stations as offline may not run.
        select(
            Station, StationLive, (StationLive.last_seen >= func.now() - presence.make_silence_limit()).label("fresh")
        )
        .join(StationLive, StationLive.station_id == Station.id)
        .where(Station.sn == sn, Station.active)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFoundError("station")
    station, live, fresh = found
    if station.maintenance:
        raise errors.in_maintenance()
    if not (live.online and fresh):
        raise errors.offline()
    if not is_open(live.hours, live.timezone, now):
        raise errors.closed()
    if not station.rent_enabled:
        raise errors.no_bank()
    return station


def find_rentable_package(package_id: UUID, station: Station) -> Package:
    package = packages.find_offered_package(package_id, station.id)
    if package is None:
        raise errors.package_inactive()
    return package
