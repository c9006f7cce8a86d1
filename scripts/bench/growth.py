"""Simulates the queueing of starts of rentals, first as they were measured here, then on larger machines.

Run `python scripts/bench/growth.py`, with `--write` into docs/scale.md. It needs nothing that runs. Each start goes
through the programs as a real one does: it waits for a free process, computes on shared processors in slices, has the
database compute, and waits for the disk at each commit. The costs are those of docs/performance.md. A simulation that
does not give today's waiting times again is not asked about tomorrow's: it says so, and ends with 1.
"""

import argparse
import heapq
import random
import re
import sys
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/scale.md"
SLICE = 2.0  # ms that a program computes before another has its turn
COMMIT = 1.2  # ms until the disk has a commit
BATCH = 50.0  # ms between two batches of the daemon
CABINET = 100.0  # ms that a cabinet takes to put a power bank out
SHAPE = 12.0  # of the gamma distribution of costs: a quarter more or less is usual

# What a start costs each program, and what its part of PostgreSQL's 16.7 ms is: measured, but for the parts, which are
# shared out as in a whole life.
COSTS = {
    "web": (7.7, 3.4),
    "worker_critical": (5.3, 3.4),
    "mqtt": (7.5, 3.6),
    "worker_iot": (7.5, 3.9),
    "worker_rest": (5.6, 2.4),
}
OTHERS = 5.0  # ms of Redis, broker, scheduler and the load, for each start
# Measured at 20 starts a second on two processors: median and p99 in ms.
MEASURED = {
    "request answered": (13, 21),
    "rental made until command sent": (11, 19),
    "rental made until active": (163, 218),
}
MAY_DIFFER = 0.25


@dataclass
class Machine:
    """Processors of the programs, of the database (None: the same ones), and how many of each program run."""

    name: str
    processors: int
    database: int | None
    programs: dict[str, int]


@dataclass
class Pool:
    free: int
    waiting: deque["Process"] = field(default_factory=deque)
    busy: float = 0.0
    size: int = 0

    def __post_init__(self) -> None:
        self.size = self.free


Step = tuple[str, object, float]
Process = Generator[Step, None, None]


class Simulation:
    def __init__(self, machine: Machine, rate: float, seed: int = 7) -> None:
        self.dice = random.Random(seed)  # noqa: S311
        self.now, self._order = 0.0, 0
        self._due: list[tuple[float, int, Process]] = []
        self.rate = rate
        self.processors = Pool(machine.processors)
        self.database = self.processors if machine.database is None else Pool(machine.database)
        self.programs = {name: Pool(machine.programs.get(name, 1)) for name in COSTS}
        self.waits: dict[str, list[float]] = {name: [] for name in MEASURED}

    def run(self, starts: int, warm_up: int, *, evenly: bool = False) -> None:
        """Let so many start: evenly, as a benchmark does, or by chance, as people do."""
        moment, apart = 0.0, 1000 / self.rate
        for number in range(starts + warm_up):
            moment += apart if evenly else self.dice.expovariate(1 / apart)
            self._at(moment, self._start(number >= warm_up))
        while self._due:
            self.now, _, process = heapq.heappop(self._due)
            self._advance(process)

    def _at(self, moment: float, process: Process) -> None:
        self._order += 1
        heapq.heappush(self._due, (moment, self._order, process))

    def _advance(self, process: Process) -> None:
        try:
            what, about, length = next(process)
        except StopIteration:
            return
        if what == "wait":
            self._at(self.now + length, process)
        elif what == "take":
            pool = self._pool(about)
            if pool.free:
                pool.free -= 1
                self._at(self.now, process)
            else:
                pool.waiting.append(process)
        else:  # give back
            pool = self._pool(about)
            pool.busy += length
            if pool.waiting:
                self._at(self.now, pool.waiting.popleft())
            else:
                pool.free += 1
            self._at(self.now, process)

    def _pool(self, about: object) -> Pool:
        assert isinstance(about, Pool)  # noqa: S101
        return about

    def _compute(self, pool: Pool, cost: float) -> Iterator[Step]:
        left = self.dice.gammavariate(SHAPE, cost / SHAPE)
        while left > 0:
            turn = min(left, SLICE)
            yield ("take", pool, 0)
            yield ("wait", None, turn)
            yield ("give", pool, turn)
            left -= turn

    def _work(self, name: str) -> Iterator[Step]:
        """One program's part: a process of it is taken for as long as it and its statements take."""
        own, of_database = COSTS[name]
        program, began = self.programs[name], self.now
        yield ("take", program, 0)
        began = self.now
        yield from self._compute(self.processors, own)
        yield from self._compute(self.database, of_database)
        yield ("wait", None, COMMIT)
        yield ("give", program, self.now - began)

    def _start(self, counts: bool) -> Process:
        began = self.now
        yield from self._work("web")
        made = self.now
        yield from self._work("worker_critical")
        sent = self.now
        yield ("wait", None, CABINET)
        yield ("wait", None, self.dice.uniform(0, BATCH))  # until the daemon's next batch
        yield from self._work("mqtt")
        yield from self._work("worker_iot")
        if counts:
            for name, value in zip(MEASURED, (made - began, sent - made, self.now - made), strict=True):
                self.waits[name].append(value)
        yield from self._compute(self.processors, OTHERS)
        yield from self._work("worker_rest")


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


HERE = Machine("this one: 2 processors", 2, None, {"web": 48, "mqtt": 1})


def check() -> list[str]:
    """Compare with what was measured; what differs too much is told."""
    simulated = Simulation(HERE, 20)
    simulated.run(3_000, 300, evenly=True)
    lines = ["| at 20 starts a second | measured p50, p99 | simulated p50, p99 |", "| --- | ---: | ---: |"]
    wrong = []
    for name, (median, worst) in MEASURED.items():
        found = [quantile(simulated.waits[name], share) for share in (0.5, 0.99)]
        lines.append(f"| {name} | {median}, {worst} ms | {found[0]:.0f}, {found[1]:.0f} ms |")
        if any(abs(value / known - 1) > MAY_DIFFER for known, value in zip((median, worst), found, strict=True)):
            wrong.append(name)
    if wrong:
        raise SystemExit("\n".join([*lines, f"Not believed, as these differ too much: {', '.join(wrong)}."]))
    return lines


def one_server(cores: int) -> Machine:
    workers = max(1, cores // 2)
    return Machine(
        f"one of {cores} processors",
        cores,
        None,
        {"web": 24 * workers, "worker_critical": workers, "worker_iot": workers, "worker_rest": workers, "mqtt": 1},
    )


def apart(cores: int, database: int, daemons: int) -> Machine:
    return Machine(
        f"{cores} processors, a database of {database}, {daemons} daemons",
        cores,
        database,
        {"web": 24 * cores, "worker_critical": cores, "worker_iot": cores, "worker_rest": cores, "mqtt": daemons},
    )


SCENARIOS = (
    (HERE, (20, 30, 35)),
    (one_server(8), (40, 60, 75)),
    (apart(16, 8, 2), (100, 130, 160)),
    (apart(32, 16, 4), (200, 250, 320)),
    (apart(64, 32, 8), (400, 500, 640)),
)


def grow() -> list[str]:
    lines = [
        "| machine | starts a second | request p50, p99 | until active p50, p99 | busiest |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    for machine, rates in SCENARIOS:
        for rate in rates:
            simulated = Simulation(machine, rate)
            simulated.run(max(1_500, rate * 20), rate * 5)
            asked, active = (simulated.waits[name] for name in ("request answered", "rental made until active"))
            times = [f"{quantile(each, 0.5):,.0f}, {quantile(each, 0.99):,.0f} ms" for each in (asked, active)]
            lines.append(f"| {machine.name} | {rate} | {times[0]} | {times[1]} | {_busiest(simulated)} |")
    return lines


def _busiest(simulated: Simulation) -> str:
    pools = {"processors": simulated.processors, "database": simulated.database, **simulated.programs}
    shares = {name: pool.busy / pool.size / simulated.now for name, pool in pools.items()}
    name = max(shares, key=lambda each: shares[each])
    return f"{name}, {shares[name]:.0%}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="into docs/scale.md")
    asked = parser.parse_args()
    table = "\n".join([*check(), "", *grow()])
    print(table)
    if asked.write:
        text = re.sub(r"(<!-- growth -->\n).*?(<!-- /growth -->)", rf"\1{table}\n\2", PAGE.read_text(), flags=re.DOTALL)
        PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
