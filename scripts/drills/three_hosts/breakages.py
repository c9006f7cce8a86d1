"""What breaks, one after the other: servers, whole hosts, the wire. Each is whole again before the next one breaks."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scripts.drills.storm.faults import LOST_COMMANDS_EXCUSE
from scripts.drills.storm.journal import FaultPeriod, now
from scripts.drills.storm.storm import Trial, say
from scripts.drills.three_hosts.cluster import Cluster
from scripts.drills.three_hosts.configuration import NAMES
from scripts.drills.three_hosts.host import Host

LASTS, HOST_LASTS = 25.0, 40.0  # seconds
WHOLE_WITHIN = 180.0
CALM = 15.0

Undo = Callable[[], None]


@dataclass(frozen=True)
class Breakage:
    name: str
    begin: Callable[[], Undo]
    seconds: float = LASTS
    excuses: float = 0.0  # of the waits, beside the half minute that everybody is given


def list_breakages(cluster: Cluster) -> Iterator[Breakage]:
    def kill_postgres() -> Undo:
        _host(cluster, cluster.find_primary()).kill_program("postgres")
        return lambda: None

    def hold_redis() -> Undo:
        host = _host(cluster, cluster.find_primary_of_redis())
        host.hold_down("redis")
        return lambda: host.let_go("redis")

    def hold_broker() -> Undo:
        host = cluster.hosts[NAMES[0].letter]
        host.hold_down("mosquitto")
        return lambda: host.let_go("mosquitto")

    def lose(letter: str) -> Undo:
        cluster.hosts[letter].cut_power()
        return cluster.hosts[letter].boot

    def part() -> Undo:
        leads = cluster.find_primary() or NAMES[0].letter
        other = next(each.letter for each in NAMES if each.letter != leads)
        return cluster.part(leads, cluster.find_confirming() or other)

    yield Breakage("the primary of PostgreSQL killed", kill_postgres)
    yield Breakage("the primary of Redis gone", hold_redis)
    # A command that was on its way to a cabinet is lost with the broker, and has half a minute for its answer.
    yield Breakage("the active broker gone", hold_broker, excuses=LOST_COMMANDS_EXCUSE)
    yield Breakage("no network between the primary and the host that confirms", part)
    for each in NAMES:
        excuses = LOST_COMMANDS_EXCUSE
        yield Breakage(f"host {each.letter} lost", lambda each=each: lose(each.letter), HOST_LASTS, excuses)  # type: ignore[misc]


def _host(cluster: Cluster, letter: str | None) -> Host:
    return cluster.hosts[letter or NAMES[0].letter]


class Drill(Trial):
    ready_within = 600.0  # three times all programs on the processors of one machine

    def __init__(self, cluster: Cluster, *, riders: int, only: list[str]) -> None:
        super().__init__(cluster, seed=3, riders=riders)
        self.cluster, self._only = cluster, only
        self.roles: dict[str, str] = {}  # by breakage: who led before and after

    def bring_faults(self, began: float, *, until: float) -> None:
        for each in list_breakages(self.cluster):
            if self._only and not any(text in each.name for text in self._only):
                continue
            self._wait_until_whole(each.name)
            led = self._leaders()
            say(f"+{now() - began:.0f} s {each.name}")
            period = FaultPeriod(each.name, now(), excuses=each.excuses, kind="host")
            undo = each.begin()
            period.ended = period.began + each.seconds
            self.journal.fault_periods.append(period)
            time.sleep(each.seconds)
            undo()
            period.ended = now()
            self.roles[each.name] = f"{led} → {self._leaders()}"
        self._wait_until_whole("the end")

    def _leaders(self) -> str:
        return f"{self.cluster.find_primary()}, {self.cluster.find_primary_of_redis()}"

    def _wait_until_whole(self, before: str) -> None:
        deadline = now() + WHOLE_WITHIN
        while not self.cluster.is_whole():
            if now() > deadline:
                self.journal.note(f"not whole {WHOLE_WITHIN:.0f} s before {before}")
                break
            time.sleep(1)
        time.sleep(CALM)
