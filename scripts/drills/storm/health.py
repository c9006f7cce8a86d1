"""Asks the system every second how it is, as a monitor would, and remembers what it said and when."""

import threading
from dataclasses import dataclass
from typing import Any

import requests

from scripts.drills.storm.journal import now

EVERY = 1.0  # seconds
LONGEST_ANSWER = 4.0


@dataclass(frozen=True)
class Sample:
    at: float
    colour: str  # green, yellow, red
    problems: frozenset[str]  # what was wrong: silent, database, redis, and kinds of alerts


class Watch(threading.Thread):
    def __init__(self, url: str, *, token: str = "") -> None:
        """`token` is shown as a monitor on another machine shows it (MONITOR_TOKEN)."""
        super().__init__(name="health", daemon=True)
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._ended = threading.Event()
        self.samples: list[Sample] = []

    def run(self) -> None:
        while not self._ended.wait(EVERY):
            self.samples.append(self.look())

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def look(self) -> Sample:
        at = now()
        ready, queues = self._ask("/health/ready"), self._ask("/health/queues")
        if ready is None or queues is None:
            return Sample(at, "red", frozenset({"silent"}))
        problems = {part for part, state in ready.get("checks", {}).items() if state != "ok"}
        problems |= {alert["kind"] for alert in queues.get("alerts", ())}
        if ready.get("status") not in ("ready", "degraded") or queues.get("status") not in ("healthy", "warning"):
            return Sample(at, "red", frozenset(problems))
        return Sample(at, "yellow" if problems else "green", frozenset(problems))

    def _ask(self, path: str) -> dict[str, Any] | None:
        try:
            with requests.Session() as session:
                session.trust_env = False
                return dict(session.get(self._url + path, headers=self._headers, timeout=LONGEST_ANSWER).json())
        except (requests.RequestException, ValueError):
            return None
