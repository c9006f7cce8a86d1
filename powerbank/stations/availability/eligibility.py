"""Find out whether anything can be rented at a station now, and if not, why."""

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
    """Find a station where people can rent now, or refuse. Whether a bank is left shows when one is reserved."""
    found = db.session.execute(
        # Silence is judged here too, by the database's clock, for the job that marks silent stations may not run.
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


def is_station_renting(station_id: UUID, *, now: datetime) -> bool:
    """Tell whether people can rent at a station now, whatever power banks are left."""
    live = db.session.scalar(
        select(StationLive)
        .join(Station, Station.id == StationLive.station_id)
        .where(
            Station.id == station_id,
            Station.active,
            Station.rent_enabled,
            ~Station.maintenance,
            StationLive.online,
            StationLive.last_seen >= func.now() - presence.make_silence_limit(),
        )
        .execution_options(populate_existing=True)
    )
    return live is not None and is_open(live.hours, live.timezone, now)


def find_rentable_package(package_id: UUID, station: Station) -> Package:
    """Find a package that the station offers, or refuse."""
    package = packages.find_offered_package(package_id, station.id)
    if package is None:
        raise errors.package_inactive()
    return package
