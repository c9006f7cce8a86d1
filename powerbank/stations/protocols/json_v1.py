"""`json-v1`, the network's own protocol: JSON both ways below `stations/{imei}/`."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from powerbank.stations.protocols import commands
from powerbank.stations.protocols.commands import Command, EncodedCommand, OutgoingMessage, Unsupported
from powerbank.stations.protocols.events import (
    NO_FACTS,
    Alarm,
    AlarmKind,
    Boot,
    CommandAnswer,
    Ejected,
    Event,
    Heartbeat,
    Order,
    Presence,
    Proof,
    Returned,
    ReturnFailed,
    Seen,
    SlotReading,
    Snapshot,
    Works,
)
from powerbank.stations.protocols.json_fields import SERIAL, Fields, parse_object
from powerbank.stations.protocols.protocol import (
    LARGEST_COUNTER,
    MAX_SLOT,
    NAME,
    Decoded,
    Oddity,
    Protocol,
    Reason,
    StationFacts,
    Subscription,
    Undecodable,
)

UP = re.compile(rf"stations/(?P<imei>{NAME})/(?:(?P<kind>heartbeat|events|presence)|responses/(?P<command_id>{NAME}))")

# A refusal means that the bank is still in. With these errors the station is not sure, or finds another bank or none.
REFUSALS: Mapping[str | None, Proof] = dict.fromkeys(
    ("timeout", "not_confirmed", "sensor_fault", "interrupted", "slot_empty", "powerbank_not_found", "serial_mismatch"),
    Proof.NONE,
)

WORKS: Mapping[object, Works] = {works.value: works for works in Works}
ALARMS: Mapping[object, AlarmKind] = {kind.value: kind for kind in AlarmKind}


def decode(topic: str, payload: bytes, received_at: datetime, facts: StationFacts) -> Decoded | Undecodable:
    """Decode a message of a station."""
    place = UP.fullmatch(topic)
    if place is None:
        return Undecodable(Reason.TOPIC)
    fields = parse_object(payload)
    if isinstance(fields, Undecodable):
        return fields
    if fields.raw.get("imei", place["imei"]) != place["imei"]:
        return Undecodable(Reason.MISMATCH, "imei")
    order = Order(
        received_at,
        fields.whole("boot_id", 0, LARGEST_COUNTER),
        fields.whole("seq", 0, LARGEST_COUNTER),
        fields.time("ts"),
    )
    command_id = place["command_id"]
    found = _read_response(fields, order, command_id) if command_id else BY_KIND[place["kind"]](fields, order)
    return found if isinstance(found, Undecodable) else Decoded(found, tuple(fields.notes))


def _read_heartbeat(fields: Fields, order: Order) -> tuple[Event, ...] | Undecodable:
    status = fields.raw.get("status")
    maintenance = {"online": False, "maintenance": True}.get(status) if isinstance(status, str) else None
    if maintenance is None and status is not None:
        fields.note(Oddity.FIELD, "status")
    events: list[Event] = [Heartbeat(order, maintenance, fields.facts("hardware_info"))]
    slots = fields.raw.get("slots")
    if type(slots) is list:
        events.append(_read_snapshot(slots, fields, order))
    elif slots is not None:
        fields.note(Oddity.FIELD, "slots")
    if status is None and len(events) == 1:
        return Undecodable(Reason.SHAPE, "neither a status nor slots")
    return tuple(events)


def _read_snapshot(entries: list[Any], fields: Fields, order: Order) -> Snapshot:
    reports: dict[int, SlotReading] = {}
    complete = len(entries) <= MAX_SLOT
    for entry in entries[:MAX_SLOT]:
        report = (_read_plain_slot(entry) or _read_slot(Fields(entry, fields.notes))) if type(entry) is dict else None
        if report is None:
            fields.note(Oddity.SLOT, "a slot without a number or contents")
            complete = False
        elif report.number in reports:
            fields.note(Oddity.DUPLICATE_SLOT, str(report.number))
            complete = False
        else:
            reports[report.number] = report
    serials = [report.serial for report in reports.values() if report.serial]
    if len(set(serials)) < len(serials):
        fields.note(Oddity.DUPLICATE_SERIAL, "one serial in two slots")
    return Snapshot(order, tuple(reports.values()), complete)


def _read_plain_slot(raw: dict[str, Any]) -> SlotReading | None:
    """Read a slot in which nothing is odd, as nearly all are, faster than `_read_slot`. None for all other slots."""
    number, serial = raw.get("slot_number"), raw.get("powerbank_sn")
    charge, temperature = raw.get("battery_level"), raw.get("temperature")
    if not (
        type(number) is int
        and 1 <= number <= MAX_SLOT
        and raw.get("status") == "ok"
        and (charge is None or (type(charge) is int and 0 <= charge <= 100))
        and (temperature is None or (type(temperature) is float and -100 <= temperature <= 300))
        and raw.get("metadata") in (None, NO_FACTS)
    ):
        return None
    if type(serial) is str and SERIAL.fullmatch(serial):
        return SlotReading(number, Works.OK, Seen.BANK, serial, charge, temperature)
    if serial is None and "powerbank_sn" in raw:
        return SlotReading(number, Works.OK, Seen.EMPTY, None, charge, temperature)
    return None


def _read_slot(slot: Fields) -> SlotReading | None:
    raw = slot.raw
    number = slot.slot()
    # A slot that says nothing of a bank does not say that it is empty.
    if number is None or "powerbank_sn" not in raw:
        return None
    status = raw.get("status")
    works = WORKS.get(status) if isinstance(status, str) else None
    if works is None:
        slot.note(Oddity.STATE, f"slot {number}")
        works = Works.FAULTY
    serial = slot.serial()
    if serial is not None:
        seen = Seen.BANK
    elif raw["powerbank_sn"] is None:
        seen = Seen.EMPTY
    else:
        seen = Seen.UNREADABLE
    return SlotReading(
        number,
        works,
        seen,
        serial,
        slot.charge(),
        slot.number("temperature", -100, 300),
        None,
        slot.facts("metadata") or {},
    )


def _read_event(fields: Fields, order: Order) -> tuple[Event, ...] | Undecodable:
    kind = fields.raw.get("type")
    if not isinstance(kind, str):
        return Undecodable(Reason.SHAPE, "no type")
    slot, serial, event_id = fields.slot(), fields.serial(), fields.identifier("event_id")
    event: Event
    if kind == "returned":
        # Without a serial, something came back that the station cannot read.
        unread = ReturnFailed(order, None, slot, "no_serial", event_id)
        event = Returned(order, serial, slot, fields.charge(), event_id=event_id) if serial else unread
    elif kind == "ejected":
        event = Ejected(order, serial, slot, event_id)
    elif kind == "boot":
        event = Boot(order, fields.facts("data"), event_id)
    elif kind in ALARMS:
        event = Alarm(order, ALARMS[kind], slot, serial, fields.charge(), fields.facts("data"), event_id)
    else:
        return Undecodable(Reason.UNKNOWN, "type")
    return (event,)


def _read_response(fields: Fields, order: Order, command_id: str) -> tuple[Event, ...] | Undecodable:
    if fields.raw.get("command_id", command_id) != command_id:
        return Undecodable(Reason.MISMATCH, "command_id")
    success = fields.flag("success")
    if success is None:
        return Undecodable(Reason.SHAPE, "success")
    error = None if success else fields.identifier("error") or "unspecified"
    proof = Proof.OUT if success else REFUSALS.get(error, Proof.IN)
    return (
        CommandAnswer(order, command_id, success, error, proof, fields.slot(), fields.serial(), fields.facts("data")),
    )


def _read_presence(fields: Fields, order: Order) -> tuple[Event, ...] | Undecodable:
    online = fields.flag("online")
    return Undecodable(Reason.SHAPE, "online") if online is None else (Presence(order, online),)


BY_KIND: Mapping[str, Callable[[Fields, Order], tuple[Event, ...] | Undecodable]] = {
    "heartbeat": _read_heartbeat,
    "events": _read_event,
    "presence": _read_presence,
}


class CommandForm(NamedTuple):
    """The name of a command, and which of its attributes goes into which parameter."""

    name: str
    parameters: Mapping[str, str]


COMMAND_FORMS: Mapping[type[Command], CommandForm] = {
    commands.Eject: CommandForm(
        "eject_powerbank", {"slot_number": "slot", "powerbank_sn": "serial", "rental_id": "rental_id"}
    ),
    commands.GetStatus: CommandForm("get_status", {}),
    commands.LockSlot: CommandForm("lock_slot", {"slot_number": "slot"}),
    commands.UnlockSlot: CommandForm("unlock_slot", {"slot_number": "slot"}),
    commands.ResetSlot: CommandForm("reset_slot", {"slot_number": "slot"}),
    commands.Maintenance: CommandForm("maintenance_mode", {"enable": "enable"}),
    commands.Reboot: CommandForm("reboot", {}),
    commands.UpdateFirmware: CommandForm("update_firmware", {"url": "url", "sha256": "sha256", "version": "version"}),
}


def encode(command: Command, imei: str) -> EncodedCommand | Unsupported:
    """Encode a command to a station."""
    form = COMMAND_FORMS.get(type(command))
    if form is None:
        return Unsupported(f"json-v1 has no {type(command).__name__}")
    body = {
        "command_id": command.command_id,
        "command": form.name,
        "timestamp": _format_time(command.issued_at),
        "expires_at": _format_time(command.deadline),
        "parameters": {name: getattr(command, attribute) for name, attribute in form.parameters.items()},
    }
    return EncodedCommand(OutgoingMessage(f"stations/{imei}/commands", json.dumps(body).encode(), qos=2))


def _format_time(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


PROTOCOL = Protocol(
    name="json-v1",
    below="stations/{imei}",
    subscriptions=(
        Subscription("stations/+/heartbeat", 1),
        Subscription("stations/+/events", 1),
        Subscription("stations/+/responses/+", 1),
        Subscription("stations/+/presence", 1),
    ),
    up=UP,
    decode=decode,
    encode=encode,
    supports=frozenset(COMMAND_FORMS),
    heartbeat_seconds=30,
)
