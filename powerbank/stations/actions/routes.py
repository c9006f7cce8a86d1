"""Staff act on many stations at once."""

from typing import Any

from flask import Response

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent_after
from powerbank.api.openapi import Blueprint
from powerbank.api.operations import AcceptedSchema, answer_accepted
from powerbank.base.db import utcnow
from powerbank.stations.actions import services as actions
from powerbank.stations.actions.schemas import StationActionSchema, StationCountSchema
from powerbank.stations.commands import firmware
from powerbank.stations.registry import filters
from powerbank.stations.registry.filters import StationFilter
from powerbank.stations.registry.schemas import StationFilterArguments

blueprint = Blueprint(
    "Station actions (staff)", __name__, url_prefix="/api/admin/station-actions", description="Many stations at once."
)


@blueprint.get("/count")
@staff_only("stations.read")
@blueprint.arguments(StationFilterArguments, location="query")
@blueprint.response(200, StationCountSchema)
def count(arguments: dict[str, Any]) -> dict[str, int]:
    """How many stations match, before one acts on all of them"""
    return {"count": filters.count_stations(StationFilter(**arguments))}


def _refuse_foreign_firmware(body: dict[str, Any]) -> dict[str, Any]:
    firmware.refuse_foreign_host(body["action"], body["parameters"].get("url"))
    return {}


@blueprint.post("")
@staff_only("stations.operate")
@blueprint.arguments(StationActionSchema)
@idempotent_after(_refuse_foreign_firmware)
@blueprint.response(202, AcceptedSchema)
def act(body: dict[str, Any]) -> Response:
    """Maintenance, a command or firmware for the stations with these numbers, or for all that match"""
    wanted = {name: body.pop(name) for name in StationFilterArguments().fields}
    operation = actions.request_action(
        **body, stations=StationFilter(**wanted), staff_id=current_staff().id, now=utcnow()
    )
    return answer_accepted(operation)
