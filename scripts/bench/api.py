"""How quick reads over HTTP are, beside FastAPI doing the same on the same server, in one run.

python scripts/bench/api.py            the table
python scripts/bench/api.py --write    and keep it in docs/performance.md
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

from scripts.bench import environments, report
from scripts.bench.ground import Ground, servers
from scripts.stack import free_ports

PAGE = environments.ROOT / "docs/performance.md"
USERS = 10_000
CLIENTS = 16
PATH = "/api/users/me"

OURS, FASTAPI = "Powerbank, one gunicorn process", "FastAPI, SQLAlchemy async, asyncpg, one uvicorn process"


@dataclass(frozen=True)
class Contestant:
    title: str
    command: Callable[[int], list[str]]
    environment: dict[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    environments.python_of("fastapi")
    with servers() as ground:
        token = _people(ground)
        figures: dict[str, list[dict[str, Any]]] = defaultdict(list)
        answers = set()
        for number in range(arguments.rounds):
            for contestant in _contestants(ground):
                with _serving(contestant) as address:
                    answers.add(_answer(address, token))
                    seen = _load(address, token, arguments.seconds)
                figures[contestant.title].append(seen)
                print(f"round {number + 1}: {contestant.title}: {seen['rate']:,.0f}/s", file=sys.stderr, flush=True)
        if len(answers) != 1:
            raise RuntimeError(f"they do not answer the same: {answers}")
        text = f"{ground.machine()}.\n\n{_table(figures)}"
    print(text)
    if arguments.write:
        report.keep(PAGE, "api", text)
    return 0


def _contestants(ground: Ground) -> list[Contestant]:
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
                uvicorn, "scripts.bench.peers.fastapi_app:app", "--port", str(port), "--log-level", "warning",
                "--no-access-log",
            ],
            _environment(ground),
        ),
    ]  # fmt: skip


def _environment(ground: Ground) -> dict[str, str]:
    return ground.environment | {"JWT_SECRET_KEY": "only for this measurement, " * 2}


def _people(ground: Ground) -> str:
    """Fills the tables and answers with the access token of one who signed in."""
    script = partial(subprocess.run, check=True, cwd=environments.ROOT, env=_environment(ground), text=True)
    made = script([sys.executable, "-m", "scripts.bench.people", str(USERS)], stdout=subprocess.PIPE)
    return made.stdout.strip()


@contextmanager
def _serving(contestant: Contestant) -> Iterator[str]:
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
            urllib.request.urlopen(f"http://127.0.0.1:{port}{PATH}", timeout=1)
        except urllib.error.HTTPError:
            return  # it refuses whoever has no token: it is up
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


def _answer(address: str, token: str) -> str:
    """What both answer, as far as both have it."""
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"http://{address}{PATH}", headers=headers)
    with urllib.request.urlopen(request) as response:  # noqa: S310 (our own server)
        body = json.load(response)
    return json.dumps({name: body[name] for name in ("id", "username", "phone", "email", "status", "profile_complete")})


def _load(address: str, token: str, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "scripts.bench.load", address, PATH, token, str(CLIENTS), str(seconds)]
    done = subprocess.run(command, check=True, cwd=environments.ROOT, stdout=subprocess.PIPE, text=True)
    seen: dict[str, Any] = json.loads(done.stdout)
    if set(seen["statuses"]) != {"200"} or seen["lost"]:
        raise RuntimeError(f"not every request was answered with 200: {seen}")
    return seen


def _table(figures: dict[str, list[dict[str, Any]]]) -> str:
    rates = {title: [seen["rate"] for seen in rounds] for title, rounds in figures.items()}
    lines = [report.table(f"`GET {PATH}`, {CLIENTS} clients", rates, OURS, unit="requests/s"), ""]
    for title, rounds in figures.items():
        p50, p99 = (sorted(seen[name] for seen in rounds)[len(rounds) // 2] for name in ("p50_ms", "p99_ms"))
        lines.append(f"{title}: half of the answers within {p50:.1f} ms, 99 of 100 within {p99:.1f} ms.  ")
    return "\n".join(lines).rstrip()


if __name__ == "__main__":
    sys.exit(main())
