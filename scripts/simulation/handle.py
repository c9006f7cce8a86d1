"""A simulated station as tests and the page use it, from other threads than the simulator's."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from scripts.simulation.cabinet import Bank
from scripts.simulation.connection import Connection
from scripts.simulation.station import Station, Traffic

if TYPE_CHECKING:
    from scripts.simulation.simulator import Simulator


Result = TypeVar("Result")


class StationHandle:
    def __init__(self, simulator: "Simulator", station: Station) -> None:
        self._simulator = simulator
        self._station = station
        self.spec = station.spec
        self.imei = station.spec.imei

    def return_bank(self, serial: str, slot: int | None = None) -> int:
        """Let whoever has the bank put it into this station."""
        return self._simulator.move(serial, self.imei, slot)

    def take_by_hand(self, slot: int) -> str:
        return self._call(self._take, slot)

    def fault(self, name: str, *, times: int | None = None, rate: float = 1.0, seconds: float | None = None) -> None:
        self._call(self._station.fault, name, times=times, rate=rate, seconds=seconds)

    def clear_faults(self, name: str | None = None) -> None:
        self._call(self._station.switches.clear, name)

    def beat(self) -> None:
        """Send a heartbeat now."""
        self._call(self._station.send_heartbeat)

    def send(self, topic: str, payload: bytes, *, qos: int = 1) -> None:
        """Publish anything at all with the credentials of this station."""
        self._call(self._station.publish, topic, payload, qos=qos)

    def reboot(self) -> None:
        self._call(self._station.reboot)

    def drop(self, seconds: float) -> None:
        """Lose the network for a while."""
        self.fault("offline", times=1, seconds=seconds)

    def wait_for(self, condition: Callable[["StationHandle"], object], timeout: float = 60.0) -> None:
        self._simulator.wait_for(lambda: condition(self), timeout)

    @property
    def is_up(self) -> bool:
        return self._station.line.is_up

    @property
    def boot_id(self) -> int:
        return self._station.boot_id

    @property
    def serials(self) -> dict[int, str]:
        """The serials of the banks, by the slots that they are in."""
        return self._call(self._serials)

    def traffic(self, direction: str | None = None, topic_end: str = "") -> list[Traffic]:
        """List the newest messages, the oldest of them first."""
        everything: list[Traffic] = self._call(list, self._station.traffic)
        return [one for one in everything if direction in (None, one.direction) and one.topic.endswith(topic_end)]

    def state(self, *, traffic: int = 0) -> dict[str, Any]:
        return self._call(self._state, traffic)

    def _call(self, act: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        return self._simulator.call(act, *arguments, **named)

    def _take(self, slot: int) -> str:
        bank = self._station.take_by_hand(slot)
        self._station.dispense(bank)
        return bank.serial

    def _serials(self) -> dict[int, str]:
        slots = self._station.cabinet.slots.values()
        return {slot.number: slot.bank.serial for slot in slots if slot.bank}

    def _state(self, traffic: int) -> dict[str, Any]:
        station = self._station
        station.rest()
        newest = list(station.traffic)[-traffic:] if traffic else []
        line = station.line
        return {
            "imei": self.imei,
            "sn": self.spec.sn,
            "protocol": self.spec.protocol,
            "connected": line.is_up,
            "problem": "" if line.is_up or not isinstance(line, Connection) else line.problem,
            "boot_id": station.boot_id,
            "firmware": station.firmware,
            "clock_skew": station.skew.total_seconds(),
            "messages": station.messages,
            "slots": [
                {"number": slot.number, "works": slot.works, "bank": as_json(slot.bank) if slot.bank else None}
                for slot in station.cabinet.slots.values()
            ],
            "faults": station.switches.all(),
            "traffic": [_readable(one) for one in reversed(newest)],
        }


def as_json(bank: Bank) -> dict[str, Any]:
    return {"serial": bank.serial, "charge": round(bank.charge), "readable": bank.readable}


def _readable(one: Traffic) -> dict[str, str]:
    try:
        text = json.dumps(json.loads(one.payload)) if one.payload[:1] == b"{" else one.payload.hex(" ")
    except ValueError:
        text = repr(one.payload[:500])
    return {"at": one.at.isoformat(), "direction": one.direction, "topic": one.topic, "text": text[:2000]}
