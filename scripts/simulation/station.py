"""A simulated station: a cabinet, its faults, and what the firmware of all protocols has in common."""

import asyncio
import json
import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from scripts.simulation.cabinet import Bank, Cabinet, Impossible, Slot
from scripts.simulation.faults import FAULTS, Occurrence, Switches, When
from scripts.simulation.specs import StationSpec

REMEMBERED = 200


class Line(Protocol):
    """What the firmware needs of its connection."""

    is_up: bool

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None: ...
    def open(self) -> None: ...
    def drop(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Pace:
    """How long things take. Tests make them short."""

    heartbeat: float | None = None  # the protocol's own, if None
    eject: float = 0.3
    reboot: float = 3.0
    speed: float = 1.0  # of charging and draining


class Traffic(NamedTuple):
    at: datetime
    direction: str  # up or down
    topic: str
    payload: bytes


class Station(ABC):
    """A station in the event loop's thread.

    `dispense` takes the banks that it ejects, and `changed` is called whenever something happens.
    """

    heartbeat_seconds: float
    keeps_session: bool

    def __init__(
        self,
        spec: StationSpec,
        *,
        pace: Pace,
        seed: int,
        dispense: Callable[[Bank], None],
        changed: Callable[[], None],
    ) -> None:
        self.spec = spec
        self.pace = pace
        self.dice = random.Random(f"{seed} {spec.imei}")  # noqa: S311  # the same run for the same seed
        self.cabinet = Cabinet.of(spec.slots, spec.serials, self.dice)
        self.switches = Switches(self.dice)
        self.firmware = spec.firmware
        self.skew = timedelta()
        self.boot_id = 0
        self.seq = 0
        self.messages = 0
        self.traffic: deque[Traffic] = deque(maxlen=REMEMBERED)
        self.dispense = dispense
        self.changed = changed
        self.line: Line
        self._loop = asyncio.get_running_loop()
        self._beat: asyncio.TimerHandle | None = None
        self._rested_at = self._loop.time()
        self._waiting: list[tuple[str, bytes]] = []
        self._flood_until = 0.0
        self._has_reported_boot = False

    # What the firmware of each protocol provides.

    @property
    @abstractmethod
    def topics(self) -> list[tuple[str, int]]:
        """The topics that the station subscribes to, with their QoS."""

    @abstractmethod
    def send_heartbeat(self) -> None: ...

    @abstractmethod
    def report_boot(self) -> None: ...

    @abstractmethod
    def carry_out(self, payload: bytes) -> None: ...

    @abstractmethod
    def report_return(self, slot: Slot, bank: Bank, faults: dict[str, Occurrence]) -> None: ...

    def report_alarm(self, kind: str, slot: int | None = None) -> None:  # noqa: B027 (most have it)
        """Report an alarm. `volinks-v1` has none."""

    # Switched on and off

    def start(self, last_boot_id: int) -> None:
        # The boot id is larger than any before, even where nothing was remembered.
        self.boot_id = max(last_boot_id + 1, int(datetime.now(UTC).timestamp()))
        self.seq = 0
        self._has_reported_boot = False
        self.line.open()

    def stop(self) -> None:
        """Switch the station off in order, without the last will."""
        if self._beat:
            self._beat.cancel()
        self.line.close()

    def connected(self) -> None:
        for topic, payload in self._waiting:
            self._publish(topic, payload, qos=1)
        self._waiting.clear()
        if not self._has_reported_boot:
            self._has_reported_boot = True
            self.report_boot()
        self.send_heartbeat()
        self._plan_beat(first=True)
        self.changed()

    def received(self, topic: str, payload: bytes) -> None:
        self._remember("down", topic, payload)
        self.carry_out(payload)
        self.changed()

    def reboot(self, firmware: str | None = None) -> None:
        """Reboot. Messages that wait to be sent survive it and keep the boot id that they were written with."""
        self.line.drop()
        self.firmware = firmware or self.firmware
        self._loop.call_later(self.pace.reboot, self.start, self.boot_id)

    def _plan_beat(self, *, first: bool = False) -> None:
        if self._beat:
            self._beat.cancel()
        interval = self.pace.heartbeat or self.heartbeat_seconds
        # Thousands of stations that connect at once do not send their heartbeats at once for ever.
        self._beat = self._loop.call_later(interval * (self.dice.random() if first else 1), self._on_beat)

    def _on_beat(self) -> None:
        for fault in self.switches.take(When.HEARTBEAT):
            self.cause_fault(fault)
        if self.line.is_up:
            self.send_heartbeat()
        self._plan_beat()
        self.changed()

    def rest(self) -> None:
        """Charge the banks for the time since the last call."""
        now = self._loop.time()
        self.cabinet.rest((now - self._rested_at) * self.pace.speed)
        self._rested_at = now

    # What hands do

    def return_bank(self, bank: Bank, number: int | None = None) -> Slot:
        slot = self.cabinet.put(bank, number)
        faults = {fault.name: fault for fault in self.switches.take(When.RETURN)}
        bank.readable = "unreadable_return" not in faults
        if "lost_return" not in faults:
            wait = faults["late_return"].seconds if "late_return" in faults else 0.0
            self.later(wait, self.report_return, slot, bank, faults)
        self.changed()
        return slot

    def take_by_hand(self, number: int) -> Bank:
        """Take a bank out with a key. The station says nothing of it until its next snapshot."""
        bank = self.cabinet.take(number)
        self.changed()
        return bank

    # Faults

    def fault(self, name: str, *, times: int | None = None, rate: float = 1.0, seconds: float | None = None) -> None:
        self.switches.set(name, times=times, rate=rate, seconds=seconds)
        if FAULTS[name].when is When.HEARTBEAT and times is not None:
            for fault in self.switches.take(When.HEARTBEAT):
                self.cause_fault(fault)
        self.changed()

    def cause_fault(self, fault: Occurrence) -> None:
        match fault.name:
            case "unknown_serial":
                self._strange_bank()
            case "full":
                while self._strange_bank():
                    pass
            case "offline":
                self.line.drop()
                self._loop.call_later(fault.seconds, self.line.open)
            case "reboot":
                self.reboot()
            case "clock_skew":
                self.skew = timedelta(seconds=fault.seconds)
            case "malformed":
                self.publish(*self.nonsense(), qos=1)
            case "flood":
                self._flood_until = self._loop.time() + fault.seconds
                self._flood()
            case alarm:
                self.report_alarm(alarm)

    @abstractmethod
    def nonsense(self) -> tuple[str, bytes]:
        """Make a payload that means nothing, for a topic of this station."""

    def _strange_bank(self) -> bool:
        try:
            slot = self.cabinet.free_slot()
        except Impossible:
            return False
        slot.bank = Bank(str(self.dice.randint(3_000_000_000, 4_000_000_000)), charge=50.0)
        return True

    def _flood(self) -> None:
        if self.line.is_up and self._loop.time() < self._flood_until:
            for _ in range(20):
                self.send_heartbeat()
            self._loop.call_later(0.01, self._flood)

    # The wire

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        if self.line.is_up:
            self._publish(topic, payload, qos=qos, retain=retain)

    def publish_or_keep(self, topic: str, payload: bytes) -> None:
        """Publish a message as it is written now, as soon as there is a connection."""
        if self.line.is_up:
            self._publish(topic, payload, qos=1)
        else:
            self._waiting.append((topic, payload))

    def _publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        self._remember("up", topic, payload)
        self.messages += 1
        self.line.publish(topic, payload, qos=qos, retain=retain)

    def _remember(self, direction: str, topic: str, payload: bytes) -> None:
        self.traffic.append(Traffic(datetime.now(UTC), direction, topic, payload))

    def later(self, seconds: float, act: Callable[..., None], *arguments: Any) -> None:
        """Call a function after a while, or at once if there is nothing to wait for, but not after a reboot."""
        if seconds <= 0:
            act(*arguments)
            return
        boot_id = self.boot_id

        def unless_rebooted() -> None:
            if self.boot_id == boot_id:
                act(*arguments)
                self.changed()

        self._loop.call_later(seconds, unless_rebooted)

    def clock(self) -> datetime:
        """Tell the time as the clock of the station has it."""
        return datetime.now(UTC) + self.skew


def as_object(payload: bytes) -> dict[str, Any]:
    """Parse an object, or give an empty one: firmware that fails at a strange command is of no use to a test."""
    try:
        found = json.loads(payload)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
