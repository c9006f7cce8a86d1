"""A day of a network, quicker than days are. People rent, bring back elsewhere, are late, extend, change their minds;
stations misbehave now and then.

An hour of theirs is a minute at 60-fold speed: so is the package that they buy, and so are their ways. The product's
own times (deadlines, sweeps, the overdue hour) are real ones, and stations send heartbeats as often as they really do.
"""

import heapq
import itertools
import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

from scripts.simulation import Simulator, StationSpec
from scripts.simulation.cabinet import Impossible

HOUR, DAY = 3600.0, 86_400.0
# How much of the day's renting falls into each hour: commuters, lunch, the evening.
BUSY = (1, 1, 1, 1, 1, 2, 4, 8, 9, 7, 7, 9, 10, 9, 7, 7, 9, 11, 11, 9, 7, 5, 3, 1)
# Shares of the occasions on which a station misbehaves.
MISHAPS = {
    "refuse": 0.01,
    "no_answer": 0.004,
    "silent_eject": 0.006,
    "false_success": 0.003,
    "slow_answer": 0.003,
    "lost_return": 0.01,
    "duplicate_return": 0.01,
    "late_return": 0.005,
    "provisional_return": 0.01,
    "offline": 0.0005,
}
OVER = frozenset({"completed", "cancelled", "failed", "lost"})
FIRST_LOOK, LOOK_AGAIN = 2.0, 3.0  # seconds until a phone asks for its rental
MOST_LOOKS = 200  # ten minutes
PEOPLE_AT_ONCE = 24
SIGN_IN_AGAIN = 600.0  # seconds


class Plan(NamedTuple):
    begins: float  # seconds of the day
    lasts: float
    way: str


@dataclass
class Person:
    """Signed in, and again before it runs out."""

    access: str
    refresh: str
    since: float = field(default_factory=time.monotonic)
    guard: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Trip:
    """One person's rental."""

    person: Person
    plan: Plan
    rental_id: str = ""
    looks: int = 0


@dataclass
class Told:
    """What people saw."""

    answers: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)  # a start's request
    guard: threading.Lock = field(default_factory=threading.Lock)

    def note(self, counter: Counter[str], what: str) -> None:
        with self.guard:
            counter[what] += 1


def plans(count: int, *, seed: int = 1) -> Iterator[Plan]:
    dice = random.Random(seed)  # noqa: S311 (not a secret)
    hours = dice.choices(range(24), weights=BUSY, k=count)
    for begins in sorted((hour + dice.random()) * HOUR for hour in hours):
        way = dice.choices(("back", "extends", "regrets"), weights=(92, 5, 3))[0]
        lasts = min(6 * HOUR, max(180.0, dice.lognormvariate(7.5, 0.6)))  # half an hour, some for hours
        yield Plan(begins, 120.0 if way == "regrets" else lasts, way)


class Day:
    def __init__(
        self,
        simulator: Simulator,
        specs: list[StationSpec],
        people: list[Person],
        packages: list[str],
        *,
        url: str,
        speed: float,
    ) -> None:
        self._simulator, self._specs, self._people, self._packages = simulator, specs, people, packages
        self._url, self._speed = url, speed
        self._dice = random.Random(2)  # noqa: S311 (not a secret)
        self._due: list[tuple[float, int, Any, Trip]] = []
        self._number = itertools.count()
        self._lock = threading.Condition()
        self._busy = 0
        self.told = Told()

    def pass_by(self, rentals: int) -> None:
        """Wait until the last trip is over, or would have been."""
        self._began = time.monotonic() + 1
        for number, plan in enumerate(plans(rentals)):
            self._at(plan.begins / self._speed, self._start, Trip(self._people[number % len(self._people)], plan))
        with ThreadPoolExecutor(PEOPLE_AT_ONCE) as pool:
            while (found := self._next()) is not None:
                pool.submit(self._do, *found)

    def _next(self) -> tuple[Any, Trip] | None:
        with self._lock:
            while True:
                now = time.monotonic() - self._began
                if self._due and self._due[0][0] <= now and self._busy < PEOPLE_AT_ONCE:
                    self._busy += 1
                    _, _, act, trip = heapq.heappop(self._due)
                    return act, trip
                if not self._due and not self._busy:
                    return None
                self._lock.wait(max(0.01, min(0.5, self._due[0][0] - now)) if self._due else 0.5)

    def _do(self, act: Any, trip: Trip) -> None:
        try:
            act(trip)
        except Exception as error:
            self.told.note(self.told.answers, type(error).__name__)
        finally:
            with self._lock:
                self._busy -= 1
                self._lock.notify()

    def _at(self, moment: float, act: Any, trip: Trip) -> None:
        with self._lock:
            heapq.heappush(self._due, (moment, next(self._number), act, trip))
            self._lock.notify()

    def _in(self, seconds: float, act: Any, trip: Trip) -> None:
        self._at(time.monotonic() - self._began + seconds, act, trip)

    # ── what people do ────────────────────────────────────────────────────────────────────────────

    def _start(self, trip: Trip) -> None:
        body = {
            "station_sn": self._dice.choice(self._specs).sn,
            "package_id": self._dice.choice(self._packages),
            "payment_method": "wallet_only",
        }
        asked = time.monotonic()
        said, answer = self._call(trip, "POST", "/api/rentals/initiate", body)
        with self.told.guard:
            self.told.took.append(time.monotonic() - asked)
        self.told.note(self.told.answers, said)
        if said == "202":
            trip.rental_id = answer["rental_id"]
            if trip.plan.way == "extends":
                self._in(trip.plan.lasts / 2 / self._speed, self._extend, trip)
            self._in(max(FIRST_LOOK, trip.plan.lasts / self._speed), self._bring_back, trip)

    def _extend(self, trip: Trip) -> None:
        package = self._card(trip)["package"]["id"]
        said, _ = self._call(trip, "POST", f"/api/rentals/{trip.rental_id}/extend", {"package_id": package})
        self.told.note(self.told.answers, f"extend {said}")

    def _bring_back(self, trip: Trip) -> None:
        """To any station that has room; whoever has nothing in their hands looks again."""
        card = self._card(trip)
        trip.looks += 1
        if trip.looks > MOST_LOOKS:
            self.told.note(self.told.ends, f"given up while {card['status']}")
            return
        if card["status"] in OVER:
            self.told.note(self.told.ends, card["status"])
            return
        if trip.plan.way == "regrets" and card["status"] == "active" and card["cancel_requested_at"] is None:
            self._call(trip, "POST", f"/api/rentals/{trip.rental_id}/cancel", None)
        serial = card["powerbank_sn"]
        if serial in self._simulator.hands:
            self._put_somewhere(serial)
        self._in(LOOK_AGAIN, self._bring_back, trip)

    def _put_somewhere(self, serial: str) -> None:
        for spec in self._dice.sample(self._specs, min(20, len(self._specs))):
            station = self._simulator.station(spec.imei)
            if station.is_up and len(station.serials) < spec.slots:
                try:
                    station.return_bank(serial)
                except Impossible:
                    continue  # somebody else was quicker
                return

    def bring_everything_back(self) -> None:
        """Bring back whatever is still in somebody's hands, rented or not."""
        for serial in list(self._simulator.hands):
            self._put_somewhere(serial)

    def _card(self, trip: Trip) -> dict[str, Any]:
        return self._call(trip, "GET", f"/api/rentals/{trip.rental_id}", None)[1]

    def _call(self, trip: Trip, method: str, path: str, body: Any) -> tuple[str, dict[str, Any]]:
        person = trip.person
        with person.guard:
            if time.monotonic() - person.since > SIGN_IN_AGAIN:
                _, new = self._ask("POST", "/api/auth/refresh", {"refresh_token": person.refresh}, {})
                person.access, person.refresh = new["access_token"], new["refresh_token"]
                person.since = time.monotonic()
        headers = {"Authorization": f"Bearer {person.access}"}
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid4())
        return self._ask(method, path, body, headers)

    def _ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[str, dict[str, Any]]:
        request = urllib.request.Request(  # noqa: S310 (the address is ours)
            self._url + path,
            data=json.dumps(body).encode() if body is not None else None,
            method=method,
            headers={"Content-Type": "application/json"} | headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (the address is ours)
                return str(answer.status), dict(json.load(answer))
        except urllib.error.HTTPError as refused:
            told = dict(json.load(refused))
            return str(told.get("code", refused.code)), told
