from typing import Any

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.stations.commands.models import CommandName, StationCommand
from powerbank.stations.models import Station
from powerbank.stations.protocols import commands as words
from powerbank.stations.protocols import registry
from powerbank.stations.protocols.commands import Outgoing, Unsupported


def is_command_supported(station: Station, command: CommandName) -> bool:
    return PROTOCOL_COMMANDS[command][0] in registry.by_name[station.protocol].supports


def encode_command(command: StationCommand) -> Outgoing | Unsupported:
    query = select(Station.protocol, Station.imei).where(Station.id == command.station_id)
    protocol, imei = open_session().execute(query).one()
    return registry.by_name[protocol].encode(translate_command(command), imei)


# The attributes of each command's words, and the parameter in which each is given.
PROTOCOL_COMMANDS: dict[CommandName, tuple[type[words.Command], dict[str, str]]] = {
    CommandName.EJECT: (words.Eject, {"slot": "slot_number", "serial": "powerbank_sn"}),
    CommandName.GET_STATUS: (words.GetStatus, {}),
    CommandName.LOCK_SLOT: (words.LockSlot, {"slot": "slot_number"}),
    CommandName.UNLOCK_SLOT: (words.UnlockSlot, {"slot": "slot_number"}),
    CommandName.RESET_SLOT: (words.ResetSlot, {"slot": "slot_number"}),
    CommandName.MAINTENANCE: (words.Maintenance, {"enable": "enable"}),
    CommandName.REBOOT: (words.Reboot, {}),
    CommandName.UPDATE_FIRMWARE: (words.UpdateFirmware, {"url": "url", "sha256": "sha256", "version": "version"}),
}


def translate_command(command: StationCommand) -> words.Command:
    kind, attributes = PROTOCOL_COMMANDS[CommandName(command.command)]
    given: dict[str, Any] = {name: command.parameters[parameter] for name, parameter in attributes.items()}
    if command.is_eject:
        given["rental_id"] = str(command.rental_id) if command.rental_id else None
    return kind(
        command_id=str(command.id),
        issued_at=command.sent_at or command.created_at,
        deadline=command.deadline,
        **given,
    )
