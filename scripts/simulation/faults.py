"""The faults of a simulated station, switched on for some occasions or at a rate."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class When(StrEnum):
    ANY_COMMAND = "any command but get_status"
    EJECTION = "an eject command"
    FIRMWARE = "a new firmware"
    RETURN = "a return"
    HEARTBEAT = "a heartbeat, or at once if it is given times"


class Fault(NamedTuple):
    when: When
    meaning: str
    seconds: float = 0  # the value of `seconds` where none is given


FAULTS: dict[str, Fault] = {
    "no_answer": Fault(When.ANY_COMMAND, "Does nothing and says nothing."),
    "refuse": Fault(When.ANY_COMMAND, "Refuses; everything stays as it was."),
    "false_success": Fault(When.EJECTION, "Says ejected, while the bank stays in."),
    "silent_eject": Fault(When.EJECTION, "Ejects, and says nothing."),
    "slow_answer": Fault(When.EJECTION, "Ejects at once and answers after seconds.", 40),
    "late_eject": Fault(When.EJECTION, "Ejects only after seconds, past the deadline or not.", 40),
    "stuck_slot": Fault(When.EJECTION, "The bank does not come out; the slot is faulty from now on."),
    "bad_download": Fault(When.FIRMWARE, "json-v1: what it downloads has another checksum, and is not installed."),
    "duplicate_return": Fault(When.RETURN, "Reports the return twice."),
    "late_return": Fault(When.RETURN, "Reports the return after seconds.", 30),
    "lost_return": Fault(When.RETURN, "Never reports the return; only a snapshot shows it."),
    "provisional_return": Fault(When.RETURN, "volinks-v1: provisional, and a self-test passes after seconds.", 5),
    "failed_self_test": Fault(When.RETURN, "volinks-v1: provisional, and a self-test fails after seconds.", 5),
    "unreadable_return": Fault(When.RETURN, "The bank in the slot cannot be read."),
    "unknown_serial": Fault(When.HEARTBEAT, "A bank that nobody registered appears in a free slot."),
    "full": Fault(When.HEARTBEAT, "Banks that nobody registered fill all free slots."),
    "offline": Fault(
        When.HEARTBEAT, "Loses the network for seconds; events wait and are sent with their old times.", 60
    ),
    "reboot": Fault(When.HEARTBEAT, "Restarts, with a new boot id."),
    "clock_skew": Fault(When.HEARTBEAT, "Its clock is off by seconds from now on, which may be negative.", 86400),
    "malformed": Fault(When.HEARTBEAT, "Sends something that no protocol has."),
    "flood": Fault(When.HEARTBEAT, "Sends heartbeats without pause for seconds.", 5),
    "overheat": Fault(When.HEARTBEAT, "json-v1: raises the alarm overheat."),
    "tamper": Fault(When.HEARTBEAT, "json-v1: raises the alarm tamper."),
}


@dataclass
class Switched:
    """A fault that is switched on."""

    times: int | None
    rate: float
    seconds: float


class Occurrence(NamedTuple):
    """A fault that happens now."""

    name: str
    seconds: float


class Switches:
    """The faults that are switched on at one station. Only one thread may use it."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._on: dict[str, Switched] = {}

    def set(self, name: str, *, times: int | None = None, rate: float = 1.0, seconds: float | None = None) -> None:
        """Switch a fault on for the next `times` occasions or until it is cleared, each time with the chance `rate`."""
        if name not in FAULTS:
            raise ValueError(f"no fault is called {name}; there are {', '.join(FAULTS)}")
        if times is not None and times < 1:
            raise ValueError("times is one or more")
        if not 0 <= rate <= 1:
            raise ValueError("rate is between 0 and 1")
        if seconds is not None and not -1e9 <= seconds <= 1e9:
            raise ValueError("seconds is not a time that a station can be off by")
        self._on[name] = Switched(times, rate, FAULTS[name].seconds if seconds is None else seconds)

    def clear(self, name: str | None = None) -> None:
        if name is None:
            self._on.clear()
        else:
            self._on.pop(name, None)

    def take(self, *occasions: When) -> list[Occurrence]:
        """Take the faults that happen on this occasion, and count them off if they were switched on for some times."""
        happen = []
        for name, fault in FAULTS.items():
            switched = self._on.get(name)
            if fault.when not in occasions or switched is None or self._dice.random() >= switched.rate:
                continue
            happen.append(Occurrence(name, switched.seconds))
            if switched.times is not None:
                switched.times -= 1
                if not switched.times:
                    del self._on[name]
        return happen

    def all(self) -> list[dict[str, object]]:
        return [
            {"fault": name, "times": one.times, "rate": one.rate, "seconds": one.seconds}
            for name, one in self._on.items()
        ]
