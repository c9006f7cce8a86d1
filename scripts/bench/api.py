"""How quick reads over HTTP are, beside FastAPI doing the same on the same server, in one run.

python scripts/bench/api.py                  the tables
python scripts/bench/api.py --write          and keep them in docs/performance.md
python scripts/bench/api.py --only nearby    one of them
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from powerbank.stations.public.nearby_stations import STATEMENT as NEARBY_SQL
from scripts.bench.shared import environments, report
from scripts.bench.shared.servers import Ground, servers
from scripts.stack.ports import free_ports

PAGE = environments.ROOT / "docs/performance.md"
USERS = 10_000
STATIONS = (1_000, 10_000, 100_000)
CLIENTS = 16
ME = "/api/users/me"
NEARBY = "/api/stations/nearby?lat=27.7103&lng=85.3222&radius_km=5&limit=20"
PROFILE = ("id", "username", "phone", "email", "status", "profile_complete")
CARD = ("sn", "distance_m", "available_banks", "free_slots", "status", "open_now", "is_favorite")

OURS, FASTAPI = "Powerbank, one gunicorn process", "FastAPI, SQLAlchemy async, asyncpg, one uvicorn process"


@dataclass(frozen=True)
class Contestant:
    title: str
    command: Callable[[int], list[str]]
    environment: dict[str, str]


@dataclass(frozen=True)
class Read:
    """A question that both answer; `facts` are what their answers must agree in."""

    heading: str
    path: str
    token: str | None
    facts: Callable[[Any], Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    parser.add_argument("--only", choices=["api", "nearby"], help="one of the two questions")
    arguments = parser.parse_args()
    environments.python_of("fastapi")
    texts: dict[str, list[str]] = defaultdict(list)
    with servers() as ground:
        for name, read in _reads(ground, arguments.only):
            figures = _measure(ground, read, arguments.rounds, arguments.seconds)
            texts[name].append(_table(read, figures))
            print(f"\n{texts[name][-1]}\n")
        for name, tables in texts.items():
            if arguments.write:
                report.keep(PAGE, name, "\n\n".join([f"{ground.machine()}.", *tables]))
    return 0


def _reads(ground: Ground, only: str | None) -> Iterator[tuple[str, Read]]:
    """Each with its data in place."""
    if only != "nearby":
        token = fill(ground, "people", USERS)
        yield "api", Read(f"`GET {ME}`", ME, token, lambda body: {name: body[name] for name in PROFILE})
    if only != "api":
        for count in STATIONS:
            ground.as_superuser("DELETE FROM stations")
            fill(ground, "stations", count)
            ground.as_superuser("VACUUM ANALYZE stations, station_live")
            yield "nearby", Read(f"`nearby` of {count:,} stations", NEARBY, None, _cards)


def _cards(body: Any) -> Any:
    return [{name: item[name] for name in CARD} for item in body["items"]]


def _measure(ground: Ground, read: Read, rounds: int, seconds: float) -> dict[str, list[dict[str, Any]]]:
    figures: dict[str, list[dict[str, Any]]] = defaultdict(list)
    answers = set()
    for number in range(rounds):
        for contestant in contestants(ground):
            with serving(contestant) as address:
                answers.add(_answer(address, read))
                seen = _load(address, read, seconds)
            figures[contestant.title].append(seen)
            told = f"round {number + 1}: {contestant.title}: {seen['rate']:,.0f}/s"
            print(f"{read.heading}, {told}", file=sys.stderr, flush=True)
    if len(answers) != 1:
        raise RuntimeError(f"they do not answer the same: {answers}")
    return figures


def contestants(ground: Ground) -> list[Contestant]:
    gunicorn = str(Path(sys.executable).parent / "gunicorn")
    uvicorn = str(environments.python_of("fastapi").parent / "uvicorn")
    ours = {"WEB_PROCESSES": "1", "RATE_LIMIT_PER_MINUTE": "10000000"}
    return [
        Contestant(
            OURS,
            lambda port: [gunicorn, "--config", "deploy/gunicorn.py", "--bind", f"127.0.0.1:{port}", "wsgi:app"],
            _environment(ground) | ours,
        ),
        Contestant(
            FASTAPI,
            lambda port: [
                uvicorn,
                "scripts.bench.peers.fastapi_app:app",
                "--port",
                str(port),
                "--log-level",
                "warning",
                "--no-access-log",
            ],
            # The peer asks PostgreSQL what we ask.
            _environment(ground) | {"NEARBY_SQL": NEARBY_SQL},
        ),
    ]


def _environment(ground: Ground) -> dict[str, str]:
    return ground.environment | {"JWT_SECRET_KEY": "only for this measurement, " * 2}


def fill(ground: Ground, what: str, count: int) -> str:
    """Run the program that fills the tables, and return what it prints."""
    script = partial(subprocess.run, check=True, cwd=environments.ROOT, env=_environment(ground), text=True)
    made = script([sys.executable, "-m", f"scripts.bench.shared.{what}", str(count)], stdout=subprocess.PIPE)
    return made.stdout.strip()


@contextmanager
def serving(contestant: Contestant) -> Iterator[str]:
    port = free_ports().web
    process = subprocess.Popen(
        contestant.command(port), cwd=environments.ROOT, env=contestant.environment, start_new_session=True
    )
    try:
        _wait_for(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{ME}", timeout=1)
        except urllib.error.HTTPError:
            return  # it refuses whoever has no token: it is up
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


def _answer(address: str, read: Read) -> str:
    """Return what both answer, as far as both have it."""
    headers = {"Authorization": f"Bearer {read.token}"} if read.token else {}
    request = urllib.request.Request(f"http://{address}{read.path}", headers=headers)
    with urllib.request.urlopen(request) as response:  # noqa: S310 (our own server)
        found = read.facts(json.load(response))
    if not found:
        raise RuntimeError("an empty answer is no measure")
    return json.dumps(found)


def _load(address: str, read: Read, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "scripts.bench.shared.load", address, read.path, read.token or "", str(CLIENTS)]
    command.append(str(seconds))
    done = subprocess.run(command, check=True, cwd=environments.ROOT, stdout=subprocess.PIPE, text=True)
    seen: dict[str, Any] = json.loads(done.stdout)
    if set(seen["statuses"]) != {"200"} or seen["lost"]:
        raise RuntimeError(f"not every request was answered with 200: {seen}")
    return seen


def _table(read: Read, figures: dict[str, list[dict[str, Any]]]) -> str:
    rates = {title: [seen["rate"] for seen in rounds] for title, rounds in figures.items()}
    lines = [report.table(f"{read.heading}, {CLIENTS} clients", rates, OURS, unit="requests/s"), ""]
    for title, rounds in figures.items():
        p50, p99 = (sorted(seen[name] for seen in rounds)[len(rounds) // 2] for name in ("p50_ms", "p99_ms"))
        lines.append(f"{title}: half of the answers within {p50:.1f} ms, 99 of 100 within {p99:.1f} ms.  ")
    return "\n".join(lines).rstrip()


if __name__ == "__main__":
    sys.exit(main())
