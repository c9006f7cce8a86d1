"""What a station says, whatever protocol it speaks."""

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
    """What an answer to an eject command shows of where the bank is."""

    OUT = "proven_out"
    IN = "proven_in"
    NONE = "unknown"  # only a snapshot can tell


class AlarmKind(StrEnum):
    SLOT_FAULT = "slot_fault"
    TAMPER = "tamper"
    OVERHEAT = "overheat"


class Order(NamedTuple):
    """What a report can be ordered by: boot and sequence, else the receipt. The device's clock may be days off."""

    received_at: datetime
    boot_id: int | None = None
    seq: int | None = None
    device_time: datetime | None = None

    @property
    def position(self) -> tuple[int, int] | None:
        """Comparable between reports of one station; None where only the order of receipt is left."""
        if self.boot_id is None or self.seq is None:
            return None
        return self.boot_id, self.seq


class SlotReading(NamedTuple):
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
    order: Order
    maintenance: bool | None = None
    hardware: Facts | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All slots at one moment. Unless it is complete, a slot that is not in it may hold anything."""

    order: Order
    slots: tuple[SlotReading, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """A bank came back. If provisional, a ReturnSelfTest follows, and nobody is charged before it."""

    order: Order
    serial: str
    slot: int | None = None
    charge: int | None = None
    provisional: bool = False
    reason: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnSelfTest:
    """What the station found out about a bank that it took provisionally."""

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
    """The station did not accept a bank, which may be in the slot all the same: a snapshot tells."""

    order: Order
    serial: str | None
    slot: int | None
    reason: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ejected:
    """A slot is named only where the station names it without doubt; the serial is what counts."""

    order: Order
    serial: str | None
    slot: int | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class EjectFailed:
    order: Order
    serial: str | None
    slot: int | None
    reason: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """The answer to the command of this id. `proof` counts if that command was to eject."""

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
    order: Order
    kind: AlarmKind
    slot: int | None = None
    serial: str | None = None
    charge: int | None = None
    data: Facts | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    order: Order
    online: bool


@dataclass(frozen=True, slots=True)
class Boot:
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
