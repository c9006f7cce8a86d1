"""Runs the storm: riders go about their day, faults come and go as the dice have it, and then all is calm until nothing
waits any more."""

import abc
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import psycopg2

from scripts.drills import leftovers
from scripts.drills.storm import faults, network
from scripts.drills.storm.client import Client, Staff
from scripts.drills.storm.faults import Begun, Fault, Scene
from scripts.drills.storm.gateways import Sandbox
from scripts.drills.storm.health import Watch
from scripts.drills.storm.journal import FaultPeriod, Journal, now
from scripts.drills.storm.network import Network
from scripts.drills.storm.person import Person
from scripts.drills.storm.riders import Rider
from scripts.drills.storm.system import System
from scripts.stack.run import ADMIN_EMAIL

READY_WITHIN = 120.0
BEFORE, CALM = 8.0, (1.0, 4.0)  # seconds without a fault: at first, and between two
HOW_MANY = (1, 2, 3), (3, 4, 3)  # faults at once, and how often
RIDERS_END_WITHIN, SETTLED_WITHIN, SEEN_WITHIN = 420.0, 300.0, 90.0
GREEN_WITHIN = 60.0


@dataclass
class Observations:
    """All that the checker is given, and when the storm began, ended and had nothing left to do."""

    journal: Journal
    watch: Watch
    began: float = 0.0
    calm_from: float = 0.0
    settled_at: float = 0.0
    gateways: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    places: dict[str, tuple[str, int] | None] = field(default_factory=dict)
    decided: Counter[str] = field(default_factory=Counter)  # what staff had to see to


class Ground(Protocol):
    """The system that riders use while something breaks in it."""

    @property
    def folder(self) -> Path: ...
    @property
    def environment(self) -> dict[str, str]: ...
    @property
    def web_url(self) -> str: ...
    @property
    def health_url(self) -> str:
        """The web without what stands before it."""

    @property
    def broker_url(self) -> str: ...
    @property
    def sandbox_url(self) -> str: ...
    def connect(self) -> "psycopg2.extensions.connection": ...


class Trial(abc.ABC):
    """Riders on a ground, what breaks meanwhile, and the time until nothing waits any more."""

    ready_within = READY_WITHIN

    def __init__(self, system: Ground, *, seed: int, riders: int) -> None:
        self.system, self.seed = system, seed
        self.journal = Journal()
        self.sandbox = Sandbox(system.sandbox_url)
        self.staff = Staff(
            system.web_url, self.journal, email=ADMIN_EMAIL, password=system.environment["ADMIN_PASSWORD"]
        )
        self.watch = Watch(system.health_url, token=system.environment.get("MONITOR_TOKEN", ""))
        self._dice = random.Random(f"storm {seed}")  # noqa: S311 (not a secret)
        self._number_of_riders = riders

    @abc.abstractmethod
    def bring_faults(self, began: float, *, until: float) -> None:
        """Break what this trial is about, and mend it. The journal has the periods."""

    def run(self, seconds: float) -> Observations:
        self._wait_until_green()
        self.staff.signed_in()
        specs, packages = network.register_network(self.staff)
        simulator = network.make_simulator(self.system.broker_url, specs, seed=self.seed, folder=self.system.folder)
        with simulator:
            network.wait_until_seated(self.staff, specs)
            self.network = Network(simulator, specs, packages)
            say(f"{len(specs)} stations, {self._number_of_riders} riders; the storm begins.")
            self.watch.start()
            seen = Observations(self.journal, self.watch, began=now())
            riders = self._riders()
            time.sleep(min(BEFORE, seconds / 6))
            self.bring_faults(seen.began, until=seen.began + seconds)
            self.network.behave()
            self.sandbox.behave()
            seen.calm_from = now()
            say(f"+{now() - seen.began:.0f} s calm; what is under way is waited for.")
            self._end(riders)
            self._settle(seen)
            self.watch.stop()
        return seen

    def _wait_until_green(self) -> None:
        until = now() + self.ready_within
        while (found := self.watch.look()).colour != "green":
            if now() > until:
                raise RuntimeError(f"Not ready after {self.ready_within:.0f} s: health says {sorted(found.problems)}")
            time.sleep(0.5)

    def _riders(self) -> list[Rider]:
        found = []
        for number in range(self._number_of_riders):
            dice = random.Random(f"rider {self.seed} {number}")  # noqa: S311 (not a secret)
            client = Client(self.system.web_url, self.journal)
            person = Person(self.journal, self.sandbox, self.staff, client, dice)
            found.append(Rider(person, self.network, number=number))
            found[-1].start()
        return found

    def _end(self, riders: list[Rider]) -> None:
        until = now() + RIDERS_END_WITHIN
        for rider in riders:
            rider.end()
        for rider in riders:
            rider.join(max(0.0, until - now()))
            if rider.is_alive():
                self.journal.note(f"{rider.name} has not ended within {RIDERS_END_WITHIN:.0f} s")

    def _settle(self, seen: Observations) -> None:
        """Wait until nothing is left that waits; then have each station say once more what it holds."""
        until = now() + SETTLED_WITHIN
        while True:
            self.network.bring_everything_back(self._dice)
            self._decide_refunds(seen)
            self._discard_what_came_too_late(seen)
            if not self._anything_left() or now() > until:
                break
            time.sleep(2)
        seen.settled_at = now()
        for station in self.network.simulator:
            station.reboot()
        time.sleep(2 * network.HEARTBEAT)
        seen.places, seen.gateways = self.network.places(), self.sandbox.payments()
        people = {each.person for each in self.journal.accepted if each.what == "code"}
        seen.codes = {phone: len(self.sandbox.messages(phone)) for phone in people}
        while now() < seen.settled_at + GREEN_WITHIN and self.watch.samples[-1].colour != "green":
            time.sleep(1)

    def _decide_refunds(self, seen: Observations) -> None:
        """Where a gateway could not say what became of a refund, staff look into its portal."""
        paid = {each.intent_id: each for each in self.journal.paid}
        at_gateways = self.sandbox.payments()
        for refund_id, intent_id, amount in query(self.system, MANUAL):
            given_back = (
                at_gateways.get(paid[intent_id].payment_id, {}).get("refunded", "0") if intent_id in paid else 0
            )
            done = round(float(given_back) * 100) >= amount
            body = {"gateway_reference": "portal"} if done else {"reason": "The gateway does not have it."}
            self.staff.post(f"/api/admin/refunds/{refund_id}/{'paid' if done else 'reject'}", body)
            seen.decided["refunds by hand"] += 1

    def _discard_what_came_too_late(self, seen: Observations) -> None:
        """Jobs that nobody wants any more. All other dead letters stay, and are found."""
        for job in self.staff.get("/api/admin/system/jobs", limit=100).body.get("items", ()):
            if job["cause"] == "expired":
                self.staff.post(f"/api/admin/system/jobs/{job['id']}/discard")
                seen.decided[f"{job['job']} that came too late"] += 1

    def _anything_left(self) -> bool:
        with suppress(psycopg2.Error):
            return any(leftovers.count(lambda statement: query(self.system, statement)).values())
        return True


class Storm(Trial):
    """All faults that are known, in groups."""

    def __init__(self, system: System, *, seed: int, riders: int, kinds: list[Fault]) -> None:
        super().__init__(system, seed=seed, riders=riders)
        self._breaks, self._kinds = system, kinds

    def bring_faults(self, began: float, *, until: float) -> None:
        scene = Scene(self._breaks, self.network, self.sandbox, self._dice)
        for together in shuffle_into_groups(self._kinds, self._dice):
            longest = max(fault.seconds for fault in together)
            if now() + longest > until:
                if now() + faults.SHORT > until:
                    return
                continue  # a shorter one may still fit
            say(f"+{now() - began:.0f} s {', '.join(fault.name for fault in together)}")
            self._play_together(together, scene)
            time.sleep(max(0.0, min(self._dice.uniform(*CALM), until - now())))

    def _play_together(self, together: list[Fault], scene: Scene) -> None:
        going_on: list[tuple[float, Begun, FaultPeriod]] = []
        for fault in together:
            period = FaultPeriod(
                fault.name, now(), excuses=fault.excuses, shows=fault.shows, kind=fault.kind, concerns=fault.concerns
            )
            begun = fault.begin(scene)
            period.stations, period.ended = begun.stations, period.began + fault.seconds
            self.journal.fault_periods.append(period)
            going_on.append((period.ended, begun, period))
            time.sleep(self._dice.uniform(0, 1))
        for ends, begun, period in sorted(going_on, key=lambda each: each[0]):
            time.sleep(max(0.0, ends - now()))
            begun.undo()
            period.ended = now()


MANUAL = "SELECT id::text, intent_id::text, amount FROM refunds WHERE status = 'manual'"


def query(system: Ground, statement: str) -> list[Any]:
    with closing(system.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def shuffle_into_groups(kinds: list[Fault], dice: random.Random) -> Iterator[list[Fault]]:
    """Give all faults in shuffled groups of one to three; then all again. A fault that health must tell of comes alone,
    so that no other hides it."""
    while True:
        waiting = dice.sample(kinds, len(kinds))
        alone = [fault for fault in waiting if fault.shows]
        others = iter([fault for fault in waiting if not fault.shows])
        groups = [[fault] for fault in alone]
        while together := list(islice(others, dice.choices(*HOW_MANY)[0])):
            groups.append(together)
        dice.shuffle(groups)
        yield from groups


def say(what: str) -> None:
    print(what, flush=True)
