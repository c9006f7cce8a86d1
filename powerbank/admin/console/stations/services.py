"""What the console's page of a station shows and sends: slots with their banks, commands, and the numbers of a plot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from powerbank.base.errors import ConflictError, InvalidFieldsError
from powerbank.stations.availability.history import StationHistory
from powerbank.stations.commands import encoding
from powerbank.stations.commands.models import CommandName
from powerbank.stations.commands.schemas import PARAMETERS
from powerbank.stations.custody import bank_lists
from powerbank.stations.custody.bank_lists import ListedBank
from powerbank.stations.models import MOST_SLOTS, Slot, Station
from powerbank.stations.registry import queries

# Maintenance and firmware have pages of their own.
SENDABLE = (
    CommandName.GET_STATUS,
    CommandName.EJECT,
    CommandName.LOCK_SLOT,
    CommandName.UNLOCK_SLOT,
    CommandName.RESET_SLOT,
    CommandName.REBOOT,
)


@dataclass(frozen=True)
class ShownSlot:
    """A slot as its station shows it, with the bank that our books have there."""

    slot: Slot
    bank: ListedBank | None

    @property
    def is_told_otherwise(self) -> bool:
        """Tell whether the station and our books have different banks in this slot."""
        return (self.bank.serial if self.bank else None) != self.slot.bank_serial


def describe_slots(station: Station) -> list[ShownSlot]:
    booked = bank_lists.list_banks(station_sn=station.sn, limit=MOST_SLOTS, cursor=None)["items"]
    in_slot = {bank.slot_number: bank for bank in booked}
    return [ShownSlot(slot, in_slot.get(slot.number)) for slot in queries.list_slots(station.id)]


def list_sendable_commands(station: Station) -> list[str]:
    """List the commands that staff send to one station, as far as its protocol has them."""
    return [name.value for name in SENDABLE if encoding.is_command_supported(station, name)]


def read_command(station: Station, form: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Read a command from a form that names it and perhaps a slot. What is ejected is what the slot shows now."""
    name, number = form.get("command", ""), form.get("slot_number", "")
    if name not in SENDABLE:
        raise InvalidFieldsError({"command": ["Which command?"]}, detail="Which command?")
    schema = PARAMETERS.get(name)
    if schema is None:
        return name, {}
    given: dict[str, Any] = {"slot_number": int(number) if number.isdecimal() else None}
    if name == CommandName.EJECT:
        shown = {slot.number: slot.bank_serial for slot in queries.list_slots(station.id)}
        given["powerbank_sn"] = shown.get(given["slot_number"])
        if given["powerbank_sn"] is None:
            raise ConflictError("slot_empty", "The station shows no power bank in this slot.")
    try:
        return name, schema().load(given)
    except ValidationError as wrong:
        raise InvalidFieldsError(wrong.messages_dict, detail="Which slot?") from None


def make_plot(history: StationHistory, labels: Mapping[str, str], *, zone: str) -> dict[str, Any]:
    """Write a history in the form that `static/pages/plot.js` draws. A station that was online needs no band."""
    moments = history.moments
    lines = (
        ("charge", "%", "brand", False, [each.charge for each in moments]),
        ("banks", "", "busy", True, [each.banks for each in moments]),
        ("rentable", "", "warn", True, [each.rentable for each in moments]),
    )
    return {
        "zone": zone,
        "times": [int(each.at.timestamp()) for each in moments],
        "series": [
            {"label": labels[name], "unit": unit, "tone": tone, "steps": steps, "values": values}
            for name, unit, tone, steps, values in lines
        ],
        "bands": [
            {
                "from": int(each.since.timestamp()),
                "to": int(each.until.timestamp()),
                "tone": "bad" if each.status == "offline" else "warn",
                "label": labels[each.status],
            }
            for each in history.stretches
            if each.status != "online"
        ],
    }
