"""The firmware of a simulated station that speaks `volinks-v1`, with the habits that it is known for."""

from scripts.simulation import volinks_frames as frames
from scripts.simulation.cabinet import Bank, Slot
from scripts.simulation.faults import Occurrence, When
from scripts.simulation.station import Station, as_object

EJECTED, FAILED, NOT_EJECTED, TTL_EXCEEDED, NOT_FOUND, BUSY, NOT_PARSED = 0x01, 0x00, 0x12, 0x88, 0xFC, 0xFE, 0xFF
RETURNED, NO_SERIAL, LOCK_FAILED, UNTIL_SELF_TEST = 0x01, 0x11, 0x14, 0x24


class VolinksStation(Station):
    heartbeat_seconds = 9 * 60
    keeps_session = False

    _ejecting = False

    @property
    def topics(self) -> list[tuple[str, int]]:
        return [(self._topic("get"), 1)]

    def send_heartbeat(self) -> None:
        self.seq += 1
        self.publish(self._topic("heart"), frames.heartbeat(self.dice.randint(12, 31)), qos=1)

    def report_boot(self) -> None:
        """Report a boot, for which there is no frame, by a snapshot, which is what a server needs."""
        self._ejecting = False
        self._send_snapshot()

    def report_return(self, slot: Slot, bank: Bank, faults: dict[str, Occurrence]) -> None:
        test = faults.get("provisional_return") or faults.get("failed_self_test")
        read = UNTIL_SELF_TEST if test else RETURNED
        state = read if bank.readable else NO_SERIAL
        for _ in range(2 if "duplicate_return" in faults else 1):
            self._update(frames.returned(slot, bank, state))
        if test:
            outcome = RETURNED if test.name == "provisional_return" else LOCK_FAILED
            self.later(test.seconds, self._update, frames.self_test(slot, bank, outcome))

    def nonsense(self) -> tuple[str, bytes]:
        good = frames.snapshot(self.cabinet)
        half, longer, wrong_length = good[: len(good) // 2], good + b"\x00\x00", good[:1] + b"\xff\xff" + good[3:]
        kinds = [b"", b"\xa8", b"{}", half, longer, wrong_length, frames.frame(0x99, b"?")]
        return self._topic("update"), self.dice.choice(kinds)

    def carry_out(self, payload: bytes) -> None:
        command = {name: value for name, value in as_object(payload).items() if isinstance(value, str)}
        data = command.get("data", "")
        match command.get("cmd"):
            case "check" | "upload_all":
                self._send_snapshot()
            case "popup_sn":
                self._popup(command, self._hole_of(data), by_serial=True)
            case "popup":
                hole = int(data) if data.isdigit() else 0
                self._popup(command, self.cabinet.slots.get(hole), by_serial=False)
            case "reboot":
                self.reboot()
            case "load_ad":
                pass
            case _:
                self._update(frames.ejected_by_serial(0, 0, NOT_PARSED))

    def _hole_of(self, serial: str) -> Slot | None:
        slot = self.cabinet.find(serial)
        return slot if slot and slot.bank and slot.bank.readable else None

    def _popup(self, command: dict[str, str], slot: Slot | None, *, by_serial: bool) -> None:
        faults = {fault.name: fault for fault in self.switches.take(When.ANY_COMMAND, When.EJECTION)}
        data = command.get("data", "")
        number = int(data) if by_serial and data.isdigit() else 0
        if "no_answer" in faults:
            return
        if self._ejecting:
            self._say(slot, number, BUSY, by_serial=by_serial)
        elif self._is_late(command) and "late_eject" not in faults:
            self._say(slot, number, TTL_EXCEEDED, by_serial=by_serial)
        elif slot is None or slot.bank is None:
            self._say(slot, number, NOT_FOUND if by_serial else FAILED, by_serial=by_serial)
        elif "refuse" in faults or slot.faulty:
            self._say(slot, number, NOT_EJECTED, by_serial=by_serial)
        elif "false_success" in faults:
            self._say(slot, number, EJECTED, by_serial=by_serial)
        elif "stuck_slot" in faults:
            slot.faulty = True
            self._say(slot, number, NOT_EJECTED, by_serial=by_serial)
        else:
            self._ejecting = True
            wait = faults["late_eject"].seconds if "late_eject" in faults else self.pace.eject
            self.later(wait, self._release, slot, number, by_serial, faults)

    def _is_late(self, command: dict[str, str]) -> bool:
        asked, lives = command.get("timestamp", ""), command.get("ttl", "")
        if not (asked.isdigit() and lives.isdigit()):
            return False
        return self.clock().timestamp() > int(asked) + int(lives)

    def _release(self, slot: Slot, number: int, by_serial: bool, faults: dict[str, Occurrence]) -> None:
        self._ejecting = False
        if slot.bank is None:
            self._say(slot, number, NOT_FOUND, by_serial=by_serial)
            return
        self.dispense(self.cabinet.take(slot.number))
        if "silent_eject" not in faults:
            wait = faults["slow_answer"].seconds if "slow_answer" in faults else 0.0
            self.later(wait, self._say_ejected, slot, number, by_serial)

    def _say_ejected(self, slot: Slot, number: int, by_serial: bool) -> None:
        self._say(slot, number, EJECTED, by_serial=by_serial)

    def _say(self, slot: Slot | None, serial: int, state: int, *, by_serial: bool) -> None:
        hole = slot.number if slot else 0
        if by_serial:
            self._update(frames.ejected_by_serial(hole, serial % 2**32, state))
        else:
            self._update(frames.ejected_by_hole(hole, state))

    def _send_snapshot(self) -> None:
        self.rest()
        self._update(frames.snapshot(self.cabinet))

    def _update(self, payload: bytes) -> None:
        self.seq += 1
        self.publish_or_keep(self._topic("update"), payload)

    def _topic(self, kind: str) -> str:
        return f"/powerbank/{self.spec.imei}/user/{kind}"
