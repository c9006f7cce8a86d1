"""`volinks-v1`, spoken by cabinets on the market: JSON commands down, binary frames up.

Nothing that such a cabinet sends has a time, a sequence or the id of a command. Messages are ordered by their receipt,
and the server knows which command an answer belongs to.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from powerbank.stations.protocols import commands, volinks_states
from powerbank.stations.protocols.commands import Command, EncodedCommand, OutgoingMessage, Unsupported
from powerbank.stations.protocols.events import (
    Ejected,
    EjectFailed,
    Event,
    Heartbeat,
    Order,
    Proof,
    Returned,
    ReturnFailed,
    ReturnSelfTest,
    Seen,
    SlotReading,
    Snapshot,
    Works,
)
from powerbank.stations.protocols.protocol import (
    MAX_PAYLOAD,
    NAME,
    Decoded,
    Note,
    Oddity,
    Protocol,
    Reason,
    StationFacts,
    Subscription,
    Undecodable,
)

UP = re.compile(rf"/powerbank/(?P<imei>{NAME})/user/(?P<kind>update|heart)")

HEAD = 0xA8
EMPTY_SENSOR = 0x80
BOARD_BYTES, HOLE_BYTES, HOLES = 6, 15, 4
MAX_BOARDS = 25  # the cabinets have up to a hundred holes

# The cabinet takes three seconds to check what it has done, and a snapshot before that shows the old contents.
SETTLING_SECONDS = 5


class Frame:
    """A frame whose head and size are right; `body` lies between the command and the check code."""

    __slots__ = ("body", "notes", "order")

    def __init__(self, body: bytes, order: Order) -> None:
        self.body = body
        self.order = order
        self.notes: list[Note] = []

    def serial(self, at: int) -> str | None:
        return str(int.from_bytes(self.body[at : at + 4])) if any(self.body[at : at + 4]) else None

    def charge(self, at: int) -> int | None:
        if self.body[at] <= 100:
            return self.body[at]
        self.notes.append(Note(Oddity.FIELD, "charge"))
        return None

    def state(self, at: int, known: Mapping[int, object]) -> int:
        if self.body[at] not in known:
            self.notes.append(Note(Oddity.STATE, f"{self.body[at]:02x}"))
        return self.body[at]

    def hole(self, board_at: int) -> int | None:
        number = find_hole_number(self.body[board_at], self.body[board_at + 1])
        if number is None:
            self.notes.append(Note(Oddity.SLOT, f"hole {self.body[board_at + 1]}"))
        return number


def find_hole_number(board: int, hole: int) -> int | None:
    """Find the number of a hole in the whole cabinet, where board 2 begins with hole 5.

    Some firmware begins anew on each board: its mark is a low number on a later board. The addresses of boards count
    from 1, or from 0x10, which a cabinet of one board sends.
    """
    if not 1 <= hole <= HOLES * MAX_BOARDS:
        return None
    if hole > HOLES:
        return hole
    later = board - 0x10 if board >= 0x10 else board - 1
    return later * HOLES + hole if 0 < later < MAX_BOARDS else hole


def decode(topic: str, payload: bytes, received_at: datetime, facts: StationFacts) -> Decoded | Undecodable:
    """Decode a frame of a cabinet."""
    place = UP.fullmatch(topic)
    if place is None:
        return Undecodable(Reason.TOPIC)
    layout = _find_layout(payload, place["kind"])
    if isinstance(layout, Undecodable):
        return layout
    frame = Frame(payload[4:-1], Order(received_at))
    if sum(payload) % 256:
        if facts.refuse_wrong_check_codes:
            return Undecodable(Reason.CHECK_CODE)
        frame.notes.append(Note(Oddity.CHECK_CODE, f"{payload[3]:02x}"))
    # Some firmware does not count the head byte.
    if int.from_bytes(payload[1:3]) not in (len(payload), len(payload) - 1):
        frame.notes.append(Note(Oddity.LENGTH_FIELD, f"{int.from_bytes(payload[1:3])} of {len(payload)}"))
    found = layout.read(frame)
    return found if isinstance(found, Undecodable) else Decoded((found,), tuple(frame.notes))


def _find_layout(payload: bytes, kind: str) -> "Layout | Undecodable":
    if payload[:1] != bytes([HEAD]):
        return Undecodable(Reason.HEAD)
    if not 6 <= len(payload) <= MAX_PAYLOAD:
        return Undecodable(Reason.LENGTH, f"{len(payload)} bytes")
    layout = LAYOUTS.get(payload[3])
    if layout is None:
        return Undecodable(Reason.UNKNOWN, f"{payload[3]:02x}")
    if layout.kind != kind:
        return Undecodable(Reason.MISMATCH, f"{payload[3]:02x} on {kind}")
    if layout.size not in (None, len(payload)):
        return Undecodable(Reason.LENGTH, f"{len(payload)} bytes")
    return layout


def _read_snapshot(frame: Frame) -> Event | Undecodable:
    size = BOARD_BYTES + HOLES * HOLE_BYTES
    boards = [frame.body[at : at + size] for at in range(0, len(frame.body), size)]
    whole = [board for board in boards if len(board) == size][:MAX_BOARDS]
    complete = len(whole) == len(boards)
    if not whole or (not complete and any(note.oddity is Oddity.CHECK_CODE for note in frame.notes)):
        return Undecodable(Reason.LENGTH, f"{len(frame.body)} bytes of boards")
    if not complete:
        frame.notes.append(Note(Oddity.SLOT, "part of a board"))
    # Some cabinets that begin anew on each board give the first board the address 0.
    shift = 1 if any(board[0] == 0 for board in whole) else 0
    reports: dict[int, SlotReading] = {}
    for board in whole:
        for at in range(BOARD_BYTES, size, HOLE_BYTES):
            number = find_hole_number(board[0] + shift, board[at])
            if number is None or number in reports:
                frame.notes.append(Note(Oddity.DUPLICATE_SLOT if number else Oddity.SLOT, f"hole {board[at]}"))
                complete = False
            else:
                reports[number] = _read_slot(number, board[at : at + HOLE_BYTES], frame.notes)
    serials = [report.serial for report in reports.values() if report.serial]
    if len(set(serials)) < len(serials):
        frame.notes.append(Note(Oddity.DUPLICATE_SERIAL, "one serial in two holes"))
    return Snapshot(frame.order, tuple(reports.values()), complete)


def _read_slot(number: int, hole: bytes, notes: list[Note]) -> SlotReading:
    state, sensor = hole[1], hole[14]
    works, fault = volinks_states.HOLE_STATES.get(state, volinks_states.HoleState(Works.FAULTY, f"state_{state:02x}"))
    if state not in volinks_states.HOLE_STATES:
        notes.append(Note(Oddity.STATE, f"{state:02x}"))
    if not any(hole[5:9]):
        # A bank that cannot be read has no serial either, but the sensor notices it.
        empty = sensor & EMPTY_SENSOR or state == 0x00
        return SlotReading(number, works, Seen.EMPTY if empty else Seen.UNREADABLE, fault=fault)
    if state == 0x00:
        notes.append(Note(Oddity.STATE, f"hole {number} is empty, with a serial"))
        return SlotReading(number, works, Seen.UNREADABLE, fault="contradiction")
    health = {
        "bank_current": hole[2] / 10,
        "bank_voltage": hole[3] / 10,
        "charge_voltage": hole[11] / 10,
        "charge_current": hole[12] / 10,
        "area": hole[4],
        "software": hole[13],
    }
    charge = hole[9] if hole[9] <= 100 else None
    # 0 means that the bank has no thermometer.
    temperature = float(hole[10]) if hole[10] else None
    serial = str(int.from_bytes(hole[5:9]))
    return SlotReading(number, works, Seen.BANK, serial, charge, temperature, fault, health)


def _read_ejection_by_serial(frame: Frame) -> Event:
    state = frame.state(5, volinks_states.EJECT_STATES)
    # The frame does not say which board the hole is on, so only the serial tells where the bank was.
    return _make_ejection_event(frame.order, state, frame.serial(1), slot=None)


def _read_ejection_by_hole(frame: Frame) -> Event:
    return _make_ejection_event(frame.order, frame.state(2, volinks_states.EJECT_STATES), None, frame.hole(0))


def _make_ejection_event(order: Order, state: int, serial: str | None, slot: int | None) -> Event:
    name, proof = volinks_states.EJECT_STATES.get(state, volinks_states.EjectState(f"state_{state:02x}", Proof.NONE))
    if proof is Proof.OUT:
        return Ejected(order, serial, slot)
    if serial is None and slot is None:
        proof = Proof.NONE
    return EjectFailed(order, serial, slot, name, proof)


def _read_return(frame: Frame) -> Event:
    slot, serial, state = frame.hole(0), frame.serial(3), frame.state(7, volinks_states.RETURN_STATES)
    reason = volinks_states.RETURN_STATES.get(state, f"state_{state:02x}")
    if serial is None or state not in (volinks_states.RETURNED, volinks_states.UNTIL_SELF_TEST):
        return ReturnFailed(frame.order, serial, slot, "no_serial" if state == volinks_states.RETURNED else reason)
    provisional = state == volinks_states.UNTIL_SELF_TEST
    return Returned(frame.order, serial, slot, frame.charge(9), provisional, reason if provisional else None)


def _read_self_test(frame: Frame) -> Event:
    body, state = frame.body, frame.state(2, volinks_states.RETURN_STATES)
    return ReturnSelfTest(
        frame.order,
        frame.serial(6),
        frame.hole(0),
        passed=state == volinks_states.RETURNED,
        reason=volinks_states.RETURN_STATES.get(state, f"state_{state:02x}"),
        charge=frame.charge(10),
        temperature=float(body[11]) if body[11] else None,
        health={
            "charge_voltage": body[12] / 10,
            "charge_current": body[13] / 10,
            "area": body[5],
            "software": body[14],
            "hardware": body[15],
        },
    )


def _read_heartbeat(frame: Frame) -> Event:
    facts: dict[str, object] = {}
    text = frame.body[1:].decode("ascii", "replace")
    for part in text[:200].split(";"):
        name, _, value = part.partition(":")
        known = {"CSQ": "signal", "BP": "backup_power"}.get(name.strip())
        number = int(value) if value.isascii() and value.isdigit() and len(value) <= 3 else None
        if known == "signal" and number == 99:  # it measures none
            continue
        if known is None or number is None or (known == "signal" and number > 31):
            frame.notes.append(Note(Oddity.FIELD, ascii(part[:20])))
        else:
            facts[known] = number
    return Heartbeat(frame.order, None, facts)


class Layout(NamedTuple):
    size: int | None  # of the whole frame
    kind: str  # of topic
    read: Callable[[Frame], Event | Undecodable]


LAYOUTS: Mapping[int, Layout] = {
    0x10: Layout(None, "update", _read_snapshot),
    0x31: Layout(12, "update", _read_ejection_by_serial),
    0x21: Layout(9, "update", _read_ejection_by_hole),
    0x40: Layout(15, "update", _read_return),
    0x28: Layout(21, "update", _read_self_test),
    0x7A: Layout(None, "heart", _read_heartbeat),
}


def encode(command: Command, imei: str) -> EncodedCommand | Unsupported:
    """Encode a command to a cabinet.

    It goes out at QoS 0, because a repeat by the broker would eject a second bank. A snapshot shows what happened.
    """
    match command:
        case commands.Eject(serial=serial, issued_at=issued, deadline=deadline):
            if not (serial.isascii() and serial.isdigit() and 0 < int(serial[:11]) < 2**32):
                return Unsupported("serials of volinks-v1 are numbers of four bytes")
            seconds = max(1, int((deadline - issued).total_seconds()))
            body = {"cmd": "popup_sn", "data": serial, "timestamp": str(int(issued.timestamp())), "ttl": str(seconds)}
            return EncodedCommand(_make_message(imei, body), settling_seconds=SETTLING_SECONDS)
        case commands.GetStatus():
            return EncodedCommand(_make_message(imei, {"cmd": "check"}))
        case commands.Reboot():
            return EncodedCommand(_make_message(imei, {"cmd": "reboot"}))
    return Unsupported(f"volinks-v1 has no {type(command).__name__}")


def _make_message(imei: str, body: dict[str, str]) -> OutgoingMessage:
    return OutgoingMessage(f"/powerbank/{imei}/user/get", json.dumps(body).encode(), qos=0)


PROTOCOL = Protocol(
    name="volinks-v1",
    below="/powerbank/{imei}",
    subscriptions=(Subscription("/powerbank/+/user/update", 1), Subscription("/powerbank/+/user/heart", 1)),
    up=UP,
    decode=decode,
    encode=encode,
    supports=frozenset({commands.Eject, commands.GetStatus, commands.Reboot}),
    heartbeat_seconds=9 * 60,
    has_check_codes=True,
)
