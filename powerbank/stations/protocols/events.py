"""The events that a message of a station is decoded to, whatever protocol the station speaks.

The names of the classes are stored with the messages, so they stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

Facts = Mapping[str, object]
NO_FACTS: Facts = {}


class Works(StrEnum):
    """Whether a slot works. What sits in it is another fact."""

    OK = "ok"
    LOCKED = "locked"
    FAULTY = "faulty"


class Seen(StrEnum):
    """What the station sees in a slot. Something that it cannot read is neither a bank nor an empty slot."""

    BANK = "bank"
    EMPTY = "empty"
    UNREADABLE = "unreadable"


class Proof(StrEnum):
    """What an answer to an eject command proves about where the bank is."""

    OUT = "proven_out"
    IN = "proven_in"
    NONE = "unknown"  # only a snapshot can tell


class AlarmKind(StrEnum):
    SLOT_FAULT = "slot_fault"
    TAMPER = "tamper"
    OVERHEAT = "overheat"


class Order(NamedTuple):
    """What messages are ordered by: boot and sequence, or else the receipt. The device's clock may be days off."""

    received_at: datetime
    boot_id: int | None = None
    seq: int | None = None
    device_time: datetime | None = None

    @property
    def position(self) -> tuple[int, int] | None:
        """Give the place among the messages of one station. None where only the order of receipt is left."""
        if self.boot_id is None or self.seq is None:
            return None
        return self.boot_id, self.seq


class SlotReading(NamedTuple):
    """What a station reads in one slot."""

    number: int
    works: Works
    seen: Seen
    serial: str | None = None
    charge: int | None = None
    temperature: float | None = None
    fault: str | None = None
    health: Facts = NO_FACTS


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A station says that it is there, and something of its hardware."""

    order: Order
    maintenance: bool | None = None
    hardware: Facts | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All slots at one moment. If it is not complete, a slot that is missing in it may hold anything."""

    order: Order
    slots: tuple[SlotReading, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """A bank came back. A provisional return is followed by a self-test, and nobody is charged before it."""

    order: Order
    serial: str
    slot: int | None = None
    charge: int | None = None
    provisional: bool = False
    reason: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnSelfTest:
    """The result of the test of a bank whose return was provisional."""

    order: Order
    serial: str | None
    slot: int | None
    passed: bool
    reason: str
    charge: int | None = None
    temperature: float | None = None
    health: Facts | None = None


@dataclass(frozen=True, slots=True)
class ReturnFailed:
    """The station did not accept a bank. It may be in the slot all the same, which a snapshot tells."""

    order: Order
    serial: str | None
    slot: int | None
    reason: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ejected:
    """A bank left its slot. The serial counts; a slot is named only where the station names it without doubt."""

    order: Order
    serial: str | None
    slot: int | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class EjectFailed:
    """The station says that a bank did not leave its slot."""

    order: Order
    serial: str | None
    slot: int | None
    reason: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """The answer to the command with this id. `proof` counts if that command was to eject."""

    order: Order
    command_id: str
    success: bool
    error: str | None
    proof: Proof
    slot: int | None = None
    serial: str | None = None
    data: Facts | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """The station notices something that people must look at."""

    order: Order
    kind: AlarmKind
    slot: int | None = None
    serial: str | None = None
    charge: int | None = None
    data: Facts | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """The broker, or the station itself, says whether the station is connected."""

    order: Order
    online: bool


@dataclass(frozen=True, slots=True)
class Boot:
    """The station has started."""

    order: Order
    data: Facts | None = None
    event_id: str | None = None


Event = (
    Heartbeat
    | Snapshot
    | Returned
    | ReturnSelfTest
    | ReturnFailed
    | Ejected
    | EjectFailed
    | CommandAnswer
    | Alarm
    | Presence
    | Boot
)
