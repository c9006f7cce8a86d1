"""Put a station's command into the form of its protocol."""

from typing import Any

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.stations.commands.models import CommandName, StationCommand
from powerbank.stations.models import Station
from powerbank.stations.protocols import PROTOCOLS
from powerbank.stations.protocols import commands as forms
from powerbank.stations.protocols.commands import EncodedCommand, Unsupported

# The type of each command in `protocols/commands.py`, and the parameter that each of its attributes is taken from.
FORMS: dict[CommandName, tuple[type[forms.Command], dict[str, str]]] = {
    CommandName.EJECT: (forms.Eject, {"slot": "slot_number", "serial": "powerbank_sn"}),
    CommandName.GET_STATUS: (forms.GetStatus, {}),
    CommandName.LOCK_SLOT: (forms.LockSlot, {"slot": "slot_number"}),
    CommandName.UNLOCK_SLOT: (forms.UnlockSlot, {"slot": "slot_number"}),
    CommandName.RESET_SLOT: (forms.ResetSlot, {"slot": "slot_number"}),
    CommandName.MAINTENANCE: (forms.Maintenance, {"enable": "enable"}),
    CommandName.REBOOT: (forms.Reboot, {}),
    CommandName.UPDATE_FIRMWARE: (forms.UpdateFirmware, {"url": "url", "sha256": "sha256", "version": "version"}),
}


def is_command_supported(station: Station, command: CommandName) -> bool:
    """Tell whether the protocol of a station has this command."""
    return FORMS[command][0] in PROTOCOLS[station.protocol].supports


def encode_command(command: StationCommand) -> EncodedCommand | Unsupported:
    """Encode a command as the message that its station understands."""
    query = select(Station.protocol, Station.imei).where(Station.id == command.station_id)
    protocol, imei = open_session().execute(query).one()
    return PROTOCOLS[protocol].encode(_make_form(command), imei)


def find_settling_seconds(command: StationCommand, protocol: str, imei: str) -> int:
    """Find how many seconds after a command a snapshot shows what it did."""
    encoded = PROTOCOLS[protocol].encode(_make_form(command), imei)
    return encoded.settling_seconds if isinstance(encoded, EncodedCommand) else 0


def _make_form(command: StationCommand) -> forms.Command:
    form, attributes = FORMS[CommandName(command.command)]
    values: dict[str, Any] = {name: command.parameters[parameter] for name, parameter in attributes.items()}
    if command.is_eject:
        values["rental_id"] = str(command.rental_id) if command.rental_id else None
    return form(
        command_id=str(command.id),
        issued_at=command.sent_at or command.created_at,
        deadline=command.deadline,
        **values,
    )
