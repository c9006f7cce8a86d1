"""Switches that make a vendor misbehave: how often, for how long, and towards whom."""

import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

# What every vendor that is spoken to over HTTP can do; each vendor adds its own.
GENERAL = {
    "error": "answers 500",
    "unavailable": "answers 503 with Retry-After",
    "slow": "answers after some seconds",
    "hang_after_success": "does the work, then does not answer for some seconds and closes",
    "html": "answers 200 with an HTML page",
    "drop": "closes the connection without doing anything",
}


@dataclass
class Fault:
    id: int
    vendor: str
    fault: str
    times: int | None = None  # None: until it is taken back
    seconds: float | None = None
    match: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: dict[int, Fault] = {}
        self._last_id = 0

    def set(
        self,
        vendor: str,
        fault: str,
        *,
        times: int | None = None,
        seconds: float | None = None,
        match: str | None = None,
    ) -> Fault:
        with self._lock:
            self._last_id += 1
            added = Fault(self._last_id, vendor, fault, times, seconds, match or None)
            self._set[added.id] = added
        return added

    def take(self, vendor: str, names: Iterable[str], whom: Iterable[str] = ()) -> Fault | None:
        """The oldest fault of these names that concerns one of `whom`; counts as one of its times."""
        wanted, concerned = set(names), list(whom)
        with self._lock:
            for fault in self._set.values():
                if fault.vendor != vendor or fault.fault not in wanted:
                    continue
                if fault.match and not any(fault.match in one for one in concerned):
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        del self._set[fault.id]
                return fault
        return None

    def all(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.as_json() for fault in self._set.values()]

    def remove(self, fault_id: int) -> bool:
        with self._lock:
            return self._set.pop(fault_id, None) is not None

    def clear(self) -> None:
        with self._lock:
            self._set.clear()
