#!/usr/bin/env python
"""What one live process holds, and how soon its clients hear of a change: `python scripts/bench/live.py`.

The clients ask a real web process for their tickets, 10,000 of them unless said, and open their streams. Then changes
are committed at 100 a second, each of which concerns one client; then some that concern all; then the live process is
told to end and started again. `--write` keeps the table in docs/performance.md.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.api import PAGE, Contestant, serving
from scripts.bench.shared import report, yardstick
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import Ground, servers
from scripts.stack.ports import free_ports

OPENED_A_SECOND = 200
CHANGES_A_SECOND = 100
COMMITS = 1000  # for the cost of an announcement
PATIENCE = 300.0  # seconds until all have a stream


@dataclass(frozen=True)
class Figures:
    empty: float  # megabytes without a stream
    resident: float
    private: float
    latencies: list[float]  # seconds, in order
    unheard: int
    load: float  # share of a core while changes were told
    everybody: list[float]
    back: float
    tickets_a_second: int
    troubles: Counter[str]
    cost: dict[str, float]
    look_up: float  # milliseconds


class Clients:
    def __init__(self, process: "subprocess.Popen[str]", count: int) -> None:
        self._process, self.count = process, count

    def report(self) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 (for the type checker)
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write("report\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def wait_until_all_are_there(self, *, have_gone: bool = False) -> list[dict[str, Any]]:
        """What they noted until then; where all have to go first, from then on."""
        found, until = [self.report()], time.monotonic() + PATIENCE
        while found[-1]["open"] < self.count or (have_gone and sum(len(each["closed"]) for each in found) < self.count):
            if time.monotonic() > until:
                raise RuntimeError(f"{found[-1]['open']} of {self.count} have a stream: {found[-1]['troubles']}")
            time.sleep(0.5)
            found.append(self.report())
        return found


class Bench:
    def __init__(self, ground: Ground, count: int) -> None:
        self.ports, self.count = free_ports(), count
        self.environment = ground.environment | {
            "JWT_SECRET_KEY": "only for this measurement, " * 2,
            "LIVE_URL": f"http://127.0.0.1:{self.ports.live}",
            "LIVE_PORT": str(self.ports.live),
            "LIVE_STREAMS": str(count + 100),
            "CONNECTIONS_PER_ADDRESS": str(count + 100),
            "WEB_PROCESSES": "1",
        }

    def ask(self, what: str, *words: str) -> Any:
        """What the program of the people says: see `parts/live/people.py`."""
        command = [sys.executable, "-m", "scripts.bench.parts.live.people", what, *words]
        said = subprocess.run(command, check=True, cwd=ROOT, env=self.environment, text=True, stdout=subprocess.PIPE)
        return json.loads(said.stdout)

    @contextmanager
    def live(self) -> Iterator[psutil.Popen]:
        process = psutil.Popen([sys.executable, "scripts/live.py"], cwd=ROOT, env=self.environment)
        try:
            yield process
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):  # it was ended before
                process.terminate()
            process.wait(10)

    @contextmanager
    def clients(self, web: str, tokens: list[str], topics: list[str]) -> Iterator[Clients]:
        command = [sys.executable, "-m", "scripts.bench.parts.live.clients"]
        orders = {"web": web, "tokens": tokens, "topics": topics, "a_second": OPENED_A_SECOND}
        with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None  # noqa: S101 (for the type checker)
            process.stdin.write(json.dumps(orders) + "\n")
            try:
                yield Clients(process, len(tokens))
            finally:
                process.kill()

    def measure(self, seconds: int) -> Figures:
        """Everything, with one crowd of clients."""
        tokens, sn = self.ask("join", str(self.count)), self.ask("open-station")
        gunicorn = str(Path(sys.executable).parent / "gunicorn")
        web = Contestant(
            "web",
            lambda port: [gunicorn, "--config", "deploy/gunicorn.py", "--bind", f"127.0.0.1:{port}", "wsgi:app"],
            self.environment,
        )
        with serving(web) as address, contextlib.ExitStack() as living:
            process = living.enter_context(self.live())
            time.sleep(3)
            empty = process.memory_info().rss / 1e6
            with self.clients(address, tokens, ["me", f"station:{sn}"]) as clients:
                clients.wait_until_all_are_there()
                _say(f"{self.count} streams are open")
                before = _processor_time(process)
                asked = self.ask("tell", str(seconds * CHANGES_A_SECOND), str(CHANGES_A_SECOND))
                load = (_processor_time(process) - before) / seconds
                time.sleep(1)
                heard = clients.report()["changes"]
                everybody = [self._tell_everybody(clients, sn) for _ in range(3)]
                memory = process.memory_full_info()
                cost, look_up = self.ask("cost", str(COMMITS)), self.ask("look-up", "10")
                _say("changes were told")
                ended = time.monotonic()
                process.terminate()
                process.wait(10)
                living.enter_context(self.live())
                notes = clients.wait_until_all_are_there(have_gone=True)
                _say("all are back")
        return Figures(
            empty=empty,
            resident=memory.rss / 1e6,
            private=memory.uss / 1e6,
            latencies=sorted(heard[change][1] - at for change, at in asked.items() if change in heard),
            unheard=len(asked.keys() - heard.keys()),
            load=load,
            everybody=everybody,
            back=max(moment for each in notes for moment in each["opened"]) - ended,
            tickets_a_second=max(sum((Counter(each["tickets"]) for each in notes), Counter()).values()),
            troubles=sum((Counter(each["troubles"]) for each in notes), Counter()),
            cost=cost,
            look_up=look_up,
        )

    def _tell_everybody(self, clients: Clients, sn: str) -> float:
        """From the commit until the last one has heard of it."""
        [(change, asked)] = self.ask("tell-all", sn).items()
        until = time.monotonic() + 30
        count = 0
        while time.monotonic() < until:
            time.sleep(1)
            heard = clients.report()["changes"].get(change)
            if heard is not None:
                count += heard[0]
                if count == self.count:
                    return float(heard[2] - asked)
        raise RuntimeError(f"{count} of {self.count} heard what concerns all")


def _processor_time(process: psutil.Popen) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _percentile(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000


def _table(figures: Figures, count: int) -> str:
    each = (figures.resident - figures.empty) * 1e6 / count / 1024
    p50, p99 = _percentile(figures.latencies, 50), _percentile(figures.latencies, 99)
    rows = {
        f"memory with {count:,} streams": f"{figures.resident:.0f} MB resident, {figures.private:.0f} MB private "
        f"({figures.empty:.0f} MB without a stream; {each:.1f} KiB for each)",
        f"commit to client, {CHANGES_A_SECOND} changes a second": f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest "
        f"{figures.latencies[-1] * 1000:.1f} ms; {len(figures.latencies):,} changes, {figures.unheard} unheard",
        "processor time of the live process meanwhile": f"{figures.load * 100:.0f} % of a core",
        "a change that concerns all, commit to last client": ", ".join(f"{took:.2f} s" for took in figures.everybody),
        "restart until the last one is back": f"{figures.back:.0f} s",
        "most tickets asked for in a second of it": f"{figures.tickets_a_second}",
        "refused or lost on the way back": f"{sum(figures.troubles.values())}",
        "a small transaction without and with three announcements": f"{figures.cost['without']:.2f} ms and "
        f"{figures.cost['with']:.2f} ms, of {COMMITS:,} each, without waiting for the disk",
        "to look up all sign-ins that hold a stream, each 2 s": f"{figures.look_up:.0f} ms",
    }
    lines = [f"| one live process, {count:,} clients | |", "| --- | --- |"]
    if figures.troubles:
        _say(str(figures.troubles))
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows.items())])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=30, help="in which changes are committed")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    with servers() as ground:
        hour = yardstick.measure(ground)
        _say(hour)
        figures = Bench(ground, arguments.clients).measure(arguments.seconds)
        text = f"{ground.machine()}. {hour}\n\n{_table(figures, arguments.clients)}"
    print(text)
    if arguments.write:
        report.keep(PAGE, "live", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
