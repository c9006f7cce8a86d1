"""Take a station out of service for maintenance, and put it back."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from powerbank.stations.commands import encoding
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandName
from powerbank.stations.models import Station
from powerbank.stations.registry import queries, services


class SwitchedStation(NamedTuple):
    station: Station
    old: dict[str, Any]  # how it was before
    command_id: UUID | None  # by which the station itself is told, if its protocol can


def switch_maintenance(sn: str, *, enable: bool, staff_id: UUID, now: datetime) -> SwitchedStation:
    """Switch maintenance on or off, and tell the station."""
    old = {"maintenance": queries.lock_station(sn).maintenance}
    station = services.set_maintenance(sn, enable=enable)
    if not encoding.is_command_supported(station, CommandName.MAINTENANCE):
        return SwitchedStation(station, old, None)
    command = commands.request_command_by_staff(
        station, command=CommandName.MAINTENANCE, parameters={"enable": enable}, staff_id=staff_id, now=now
    )
    return SwitchedStation(station, old, command.id)
