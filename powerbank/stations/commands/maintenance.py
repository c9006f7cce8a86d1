"""Take stations out of service for maintenance, and put them back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from powerbank.stations.commands import encoding, staff_commands
from powerbank.stations.commands.models import CommandName
from powerbank.stations.models import Station
from powerbank.stations.registry import queries, services


class SwitchedStation(NamedTuple):
    station: Station
    old: dict[str, Any]  # how it was before
    command_id: UUID | None  # by which the station itself is told, if its protocol can


def switch_maintenance(sn: str, *, enable: bool, staff_id: UUID, now: datetime) -> SwitchedStation:
    """Switch maintenance on or off, and tell the station."""
    queries.lock_station(sn)  # refuses a station that is not there
    [switched] = switch_stations([sn], enable=enable, staff_id=staff_id, now=now)
    return switched


def switch_stations(sns: Sequence[str], *, enable: bool, staff_id: UUID, now: datetime) -> list[SwitchedStation]:
    """Switch maintenance of many stations, and tell those whose protocol can. One that is not there is left out."""
    old = {station.sn: {"maintenance": station.maintenance} for station in queries.lock_stations(sns)}
    stations = services.set_maintenance(*old, enable=enable)
    told = [station for station in stations if encoding.is_command_supported(station, CommandName.MAINTENANCE)]
    made = staff_commands.request_commands_by_staff(
        told, command=CommandName.MAINTENANCE, parameters={"enable": enable}, staff_id=staff_id, now=now
    )
    return [SwitchedStation(station, old[station.sn], made.get(station.sn)) for station in stations]
