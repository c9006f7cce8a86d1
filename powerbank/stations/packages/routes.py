"""Staff manage packages, and people see which are offered."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.crud import add_crud
from powerbank.api.openapi import Blueprint
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction
from powerbank.stations.packages import services as packages
from powerbank.stations.packages.schemas import (
    PACKAGES,
    PackageArguments,
    PackageCardsSchema,
    PackageStationsSchema,
)
from powerbank.stations.registry import queries

blueprint = Blueprint("Packages", __name__, url_prefix="/api", description="What can be rented for how much.")

add_crud(blueprint, PACKAGES, prefix="/admin")


@blueprint.get("/packages")
@blueprint.arguments(PackageArguments, location="query")
@blueprint.response(200, PackageCardsSchema)
def offered(arguments: dict[str, Any]) -> dict[str, Any]:
    """Packages on offer, at one station or at all"""
    sn = arguments["station_sn"]
    station_id = queries.find_public_station(sn).id if sn is not None else None
    return {"items": packages.list_packages_at(station_id), "next_cursor": None}


@blueprint.route("/admin/packages/<uuid:package_id>/stations")
class PackageStations(MethodView):
    @staff_only("packages.read")
    @blueprint.response(200, PackageStationsSchema)
    def get(self, package_id: UUID) -> dict[str, Any]:
        """Stations that this package is restricted to; none means all"""
        return {"station_sns": packages.list_station_numbers(package_id)}

    @staff_only("packages.write")
    @blueprint.arguments(PackageStationsSchema)
    @blueprint.response(200, PackageStationsSchema)
    def put(self, body: dict[str, Any], package_id: UUID) -> dict[str, Any]:
        """Restrict this package to these stations; none means all"""
        with transaction():
            old = packages.list_station_numbers(package_id)
            packages.restrict_package(package_id, body["station_sns"])
            new = {"station_sns": packages.list_station_numbers(package_id)}
            audit.record(
                actor=staff_actor(current_staff().id),
                action="packages.restrict",
                object_kind="packages",
                object_id=package_id,
                old={"station_sns": old},
                new=new,
            )
        return new
