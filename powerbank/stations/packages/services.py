"""Find which packages a station offers, and restrict a package to some stations."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from powerbank.base.db import db, open_session
from powerbank.base.errors import InvalidFieldsError, NotFoundError
from powerbank.stations.models import Station
from powerbank.stations.packages.models import Package, PackageStation


def list_station_numbers(package_id: UUID) -> list[str]:
    """List the numbers of the stations that a package is restricted to. An empty list means all stations."""
    if db.session.get(Package, package_id) is None:
        raise NotFoundError("package")
    query = select(Station.sn).join(PackageStation, PackageStation.station_id == Station.id)
    return list(db.session.scalars(query.where(PackageStation.package_id == package_id).order_by(Station.sn)))


def restrict_package(package_id: UUID, station_sns: list[str]) -> None:
    """Restrict a package to these stations. An empty list means all stations."""
    session = open_session()
    if session.get(Package, package_id, with_for_update=True) is None:
        raise NotFoundError("package")
    wanted = set(station_sns)
    rows = session.execute(select(Station.sn, Station.id).where(Station.sn.in_(wanted)))
    found = {row.sn: row.id for row in rows}
    if missing := sorted(wanted - found.keys()):
        raise InvalidFieldsError({"station_sns": [f"No such station: {sn}" for sn in missing]})
    session.execute(delete(PackageStation).where(PackageStation.package_id == package_id))
    session.add_all(PackageStation(package_id=package_id, station_id=found[sn]) for sn in sorted(found))
    session.flush()


def _is_offered_at(station_id: UUID) -> Any:
    rules = select(PackageStation.station_id).where(PackageStation.package_id == Package.id)
    return Package.active & (~rules.exists() | rules.where(PackageStation.station_id == station_id).exists())


def list_all_packages() -> Sequence[Package]:
    """List all packages, those of the past too. They are few."""
    return db.session.scalars(select(Package).order_by(Package.name, Package.id)).all()


def list_packages_at(station_id: UUID | None) -> Sequence[Package]:
    """List the packages that a station offers; without a station, those that are offered anywhere."""
    query = select(Package).order_by(Package.duration_minutes, Package.price, Package.id)
    return db.session.scalars(query.where(Package.active if station_id is None else _is_offered_at(station_id))).all()


def find_offered_package(package_id: UUID, station_id: UUID) -> Package | None:
    """Find a package if the station offers it."""
    found: Package | None = db.session.scalar(
        select(Package).where(Package.id == package_id, _is_offered_at(station_id))
    )
    return found
