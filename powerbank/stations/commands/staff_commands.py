"""Request commands for staff: to one station, or the same one to many."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from powerbank.base import tracing
from powerbank.base.audit import staff_actor
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError
from powerbank.base.tracing import Kind
from powerbank.outbox.catalogue import station_jobs
from powerbank.outbox.enqueue import enqueue_each
from powerbank.stations.commands import encoding, services
from powerbank.stations.commands.models import CommandName, StationCommand
from powerbank.stations.models import Station


def request_command_by_staff(
    station: Station, *, command: str, parameters: dict[str, Any], staff_id: UUID, now: datetime
) -> StationCommand:
    """Request a command for staff. It is refused if the protocol of the station has no such command."""
    if not encoding.is_command_supported(station, CommandName(command)):
        raise unsupported_error(station)
    return services.request_command(
        station_id=station.id, command=command, parameters=parameters, requested_by=staff_actor(staff_id), now=now
    )


def request_commands_by_staff(
    stations: Sequence[Station], *, command: CommandName, parameters: dict[str, Any], staff_id: UUID, now: datetime
) -> dict[str, UUID]:
    """Request the same command of many stations that have it, written together. Give its id by the station's number.

    It is for commands of which a station may have several at once, so for all but ejections.
    """
    if not stations:
        return {}
    deadline = now + timedelta(seconds=services.find_deadline_seconds(command))
    row: dict[str, Any] = {"command": command, "parameters": parameters, "requested_by": staff_actor(staff_id)}
    row |= {"slot_number": parameters.get("slot_number"), "created_at": now, "deadline": deadline}
    with tracing.span(f"command {command.value}", Kind.PRODUCER):
        row |= tracing.carried()
    made = {station.sn: new_id() for station in stations}
    rows = [row | {"id": made[station.sn], "station_id": station.id} for station in stations]
    open_session().execute(insert(StationCommand), rows)
    calls = [{"command_id": str(command_id)} for command_id in made.values()]
    enqueue_each(services.sending_job(command), calls, expires_at=deadline)
    enqueue_each(station_jobs.CHECK_STATION_COMMAND, calls, at=deadline)
    return made


def unsupported_error(station: Station) -> ConflictError:
    return ConflictError("command_unsupported", f"Stations of {station.protocol} have no such command.")
