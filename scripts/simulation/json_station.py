"""The firmware of a simulated station that speaks `json-v1`."""

import json
from datetime import datetime
from typing import Any

from scripts.simulation.cabinet import Bank, Slot
from scripts.simulation.faults import Occurrence, When
from scripts.simulation.station import Station, as_object

ANSWERS_KEPT = 200
NONSENSE = (
    b"",
    b"{",
    b"\xff\xfe",
    b"[1, 2]",
    b'{"slots": "none"}',
    b'{"seq": NaN}',
    b"[" * 5000,
    b'{"seq":' + b"9" * 5000,
)


class JsonStation(Station):
    heartbeat_seconds = 30
    keeps_session = True

    maintenance = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # The answers survive a reboot, so that a command that is repeated after it does not eject a second time.
        self._answers: dict[str, dict[str, Any] | None] = {}

    @property
    def topics(self) -> list[tuple[str, int]]:
        return [(f"stations/{self.spec.imei}/commands", 2)]

    def connected(self) -> None:
        self.publish(self._topic("presence"), b'{"online": true}', qos=1, retain=True)
        super().connected()

    def stop(self) -> None:
        # The broker publishes the last will only for a station that leaves without a word.
        self.publish(self._topic("presence"), b'{"online": false}', qos=1, retain=True)
        super().stop()

    def send_heartbeat(self) -> None:
        self.rest()
        body = {
            "status": "maintenance" if self.maintenance else "online",
            "hardware_info": {"firmware": self.firmware, "signal": self.dice.randint(12, 31)},
            "slots": [_slot(slot) for slot in self.cabinet.slots.values()],
        }
        self.publish(self._topic("heartbeat"), self._numbered(body), qos=1)

    def report_boot(self) -> None:
        self._event("boot", None, None, data={"firmware": self.firmware})

    def report_return(self, slot: Slot, bank: Bank, faults: dict[str, Occurrence]) -> None:
        payload = self._event("returned", slot.number, bank if bank.readable else None)
        if "duplicate_return" in faults:
            self.publish_or_keep(self._topic("events"), payload)

    def report_alarm(self, kind: str, slot: int | None = None) -> None:
        self._event(kind, slot, None, data={"temperature": 71.5} if kind == "overheat" else {})

    def nonsense(self) -> tuple[str, bytes]:
        return self._topic("heartbeat"), self.dice.choice(NONSENSE)

    def carry_out(self, payload: bytes) -> None:
        command = as_object(payload)
        command_id, word, until = (command.get(name) for name in ("command_id", "command", "expires_at"))
        if not (isinstance(command_id, str) and isinstance(word, str) and isinstance(until, str)):
            return
        if command_id in self._answers:
            first = self._answers[command_id]
            if first is not None:
                self._respond(command_id, first)
            return
        if self.clock() > datetime.fromisoformat(until):
            return
        # The command is known from now on, so that a repeat of it during the ejection starts no second one.
        self._answers[command_id] = None
        while len(self._answers) > ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]
        parameters = command.get("parameters", {})
        if word == "eject_powerbank":
            self._eject(command_id, parameters)
        else:
            self._carry_out_other(command_id, word, parameters)

    def _carry_out_other(self, command_id: str, command: str, parameters: dict[str, Any]) -> None:
        slot = self.cabinet.slots.get(parameters.get("slot_number", 0))
        faults = [fault.name for fault in self.switches.take(When.ANY_COMMAND)] if command != "get_status" else []
        if "no_answer" in faults:
            del self._answers[command_id]
            return None
        match command:
            case _ if faults:
                return self._answer(command_id, error="refused", slot=slot)
            case "get_status":
                self.send_heartbeat()
            case "lock_slot" | "unlock_slot" | "reset_slot" if slot is None:
                return self._answer(command_id, error="invalid_parameters")
            case "lock_slot" | "unlock_slot" if slot:
                slot.locked = command == "lock_slot"
            case "reset_slot" if slot:
                slot.faulty = False
            case "maintenance_mode":
                self.maintenance = bool(parameters.get("enable"))
            case "reboot":
                self.later(self.pace.eject, self.reboot)
            case "update_firmware":
                return self.later(self.pace.eject, self._install, command_id, parameters.get("version"))
            case _:
                return self._answer(command_id, error="unsupported_command")
        self._answer(command_id, slot=slot)
        if slot or command == "maintenance_mode":
            self.send_heartbeat()
        return None

    def _install(self, command_id: str, version: str | None) -> None:
        """Install the firmware, or refuse it if the checksum of the download is wrong."""
        if self.switches.take(When.FIRMWARE):
            return self._answer(command_id, error="checksum_mismatch")
        self._answer(command_id)
        return self.later(self.pace.eject, self.reboot, version)

    def _eject(self, command_id: str, parameters: dict[str, Any]) -> None:
        faults = {fault.name: fault for fault in self.switches.take(When.ANY_COMMAND, When.EJECTION)}
        slot = self.cabinet.slots.get(parameters.get("slot_number", 0))
        serial = parameters.get("powerbank_sn")
        if "no_answer" in faults:
            del self._answers[command_id]
        elif "refuse" in faults:
            self._answer(command_id, error="refused", slot=slot, serial=serial)
        elif slot is None or (refusal := self._reason_against(slot, serial)):
            self._answer(command_id, error="invalid_parameters" if slot is None else refusal, slot=slot)
        elif "false_success" in faults:
            self._event("ejected", slot.number, slot.bank)
            self._answer(command_id, slot=slot, serial=serial)
        elif "stuck_slot" in faults:
            slot.faulty = True
            self._answer(command_id, error="slot_jammed", slot=slot, serial=serial)
            self.report_alarm("slot_fault", slot.number)
        else:
            wait = faults["late_eject"].seconds if "late_eject" in faults else self.pace.eject
            self.later(wait, self._release, command_id, slot, serial, faults)

    def _reason_against(self, slot: Slot, serial: str | None) -> str | None:
        if self.maintenance:
            return "maintenance"
        if slot.works != "ok":
            return f"slot_{slot.works}"
        if slot.bank is None:
            return "slot_empty"
        return None if slot.bank.serial == serial else "serial_mismatch"

    def _release(self, command_id: str, slot: Slot, serial: str, faults: dict[str, Occurrence]) -> None:
        if slot.bank is None or slot.bank.serial != serial:
            self._answer(command_id, error="slot_empty", slot=slot)
            return
        bank = self.cabinet.take(slot.number)
        self.dispense(bank)
        if "silent_eject" in faults:
            # Only the message is lost. If the command comes again, the station answers.
            self._answers[command_id] = _result(None, slot, serial)
            return
        wait = faults["slow_answer"].seconds if "slow_answer" in faults else 0.0
        self.later(wait, self._say_ejected, command_id, slot, bank)

    def _say_ejected(self, command_id: str, slot: Slot, bank: Bank) -> None:
        self._event("ejected", slot.number, bank)
        self._answer(command_id, slot=slot, serial=bank.serial)

    def _answer(
        self, command_id: str, *, error: str | None = None, slot: Slot | None = None, serial: str | None = None
    ) -> None:
        answer = _result(error, slot, serial)
        self._answers[command_id] = answer
        self._respond(command_id, answer)

    def _respond(self, command_id: str, answer: dict[str, Any]) -> None:
        self.publish_or_keep(self._topic(f"responses/{command_id}"), self._numbered(answer))

    def _event(self, kind: str, slot: int | None, bank: Bank | None, data: dict[str, Any] | None = None) -> bytes:
        body = {
            "event_id": f"{self.boot_id}-{self.seq + 1}",
            "type": kind,
            "slot_number": slot,
            "powerbank_sn": bank.serial if bank else None,
            "battery_level": int(bank.charge) if bank else None,
            "data": data or {},
        }
        payload = self._numbered(body)
        self.publish_or_keep(self._topic("events"), payload)
        return payload

    def _numbered(self, body: dict[str, Any]) -> bytes:
        self.seq += 1
        when = self.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"boot_id": self.boot_id, "seq": self.seq, "ts": when, **body}).encode()

    def _topic(self, kind: str) -> str:
        return f"stations/{self.spec.imei}/{kind}"


def _result(error: str | None, slot: Slot | None, serial: str | None) -> dict[str, Any]:
    return {
        "success": error is None,
        "error": error,
        "slot_number": slot.number if slot else None,
        "powerbank_sn": serial,
        "data": {},
    }


def _slot(slot: Slot) -> dict[str, Any]:
    bank = slot.bank
    if bank is None:
        content: dict[str, Any] = {"powerbank_sn": None}
    elif not bank.readable:
        # Something is in the slot that does not tell its serial.
        content = {"powerbank_sn": ""}
    else:
        content = {
            "powerbank_sn": bank.serial,
            "battery_level": int(bank.charge),
            "temperature": round(bank.temperature, 1),
        }
    return {"slot_number": slot.number, "status": slot.works, **content, "metadata": {}}
