"""Staff send commands to a station and see what became of them."""

from typing import Any

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent_after, idempotent_if_asked
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import utcnow
from powerbank.stations.commands import firmware, slot_inspection, staff_commands
from powerbank.stations.commands import queries as command_queries
from powerbank.stations.commands.models import StationCommand
from powerbank.stations.commands.schemas import (
    CommandAcceptedSchema,
    CommandArguments,
    CommandSchema,
    RemoteCommandSchema,
)
from powerbank.stations.registry import queries

blueprint = Blueprint(
    "Commands (staff)", __name__, url_prefix="/api/admin/stations", description="Commands to stations."
)


def _refuse_foreign_firmware(body: dict[str, Any], **_: Any) -> dict[str, Any]:
    firmware.refuse_foreign_host(body["command"], body["parameters"].get("url"))
    return {}


@blueprint.post("/<sn>/remote-command")
@staff_only("stations.operate")
@blueprint.arguments(RemoteCommandSchema)
@idempotent_after(_refuse_foreign_firmware)
@blueprint.response(202, CommandAcceptedSchema)
def send(body: dict[str, Any], sn: str) -> StationCommand:
    """Send a command. What became of it is in the list of the station's commands"""
    command = staff_commands.request_command_by_staff(
        queries.find_station(sn),
        command=body["command"],
        parameters=body["parameters"],
        staff_id=current_staff().id,
        now=utcnow(),
    )
    audit.record_by_staff("stations.command", "station", sn, new=body | {"command_id": str(command.id)})
    return command


@blueprint.post("/<sn>/slots/<int:slot_number>/release")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.response(204)
def release_slot(sn: str, slot_number: int) -> None:
    """A slot that refused to eject and was held back has been looked at: it may be used again"""
    slot_inspection.release_slot(
        queries.find_station(sn), slot_number, by=staff_actor(current_staff().id), now=utcnow()
    )
    audit.record_by_staff("stations.release_slot", "station", sn, new={"slot_number": slot_number})


@blueprint.get("/<sn>/commands")
@staff_only("stations.read")
@blueprint.arguments(CommandArguments, location="query")
@blueprint.response(200, page_of(CommandSchema))
def listing(arguments: dict[str, Any], sn: str) -> dict[str, Any]:
    """A station's commands, newest first"""
    return command_queries.list_commands(sn, **arguments)
