#!/usr/bin/env python
"""How quick ordinary requests are beside callers that are slow on purpose: `python scripts/bench/slow_callers.py`.

Four kinds of slow callers share the number: some send nothing, some a head byte by byte, some a body byte by byte, and
some ask for a large answer and never read it. Whoever is shut out comes back at once. All come from this machine, so no
address is held to its number of connections. `--write` keeps the table in docs/performance.md.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.api import ME, OURS, PAGE, contestants, fill, serving
from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import Ground, servers

HEAD = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: "
BODY = b"POST /api/auth/get-otp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n{"
LARGE = b"GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 20
BEGINNINGS = (b"", HEAD, BODY, LARGE)
PAUSE = 1.0  # seconds between two bytes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", type=int, default=500)
    parser.add_argument("--clients", type=int, default=8, help="who ask for their profile, one request after the other")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    seen: dict[int, list[dict[str, Any]]] = {0: [], arguments.slow: []}
    with servers() as ground:
        token = fill(ground, "people", 1000)
        ours = next(each for each in contestants(ground) if each.title == OURS)
        for _ in range(arguments.rounds):
            for slow, rounds in seen.items():
                with serving(ours) as address, slow_callers(address, slow):
                    rounds.append(_ask(address, token, arguments.clients, arguments.seconds))
        table = _table(seen, arguments.clients, ground)
    print(table)
    if arguments.write:
        report.keep(PAGE, "slow callers", table)
    return 0


@contextmanager
def slow_callers(address: str, count: int) -> Iterator[None]:
    """In a process of their own: they must cost the measured requests no turn."""
    if not count:
        yield
        return
    command = [sys.executable, __file__, "--be-slow", address, str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 (for the type checker)
        process.stdout.readline()  # all are there
        try:
            yield
        finally:
            process.terminate()


async def _be_slow(address: str, count: int) -> None:
    host, _, port = address.partition(":")
    connected = asyncio.Semaphore(0)
    callers = [
        asyncio.create_task(_stay(host, int(port), BEGINNINGS[number % len(BEGINNINGS)], connected))
        for number in range(count)
    ]
    for _ in range(count):
        await connected.acquire()
    print("all are there", flush=True)
    await asyncio.gather(*callers)


async def _stay(host: str, port: int, beginning: bytes, connected: asyncio.Semaphore) -> None:
    while True:
        with contextlib.suppress(OSError):
            # Of an answer no more is taken than a small window.
            reader, writer = await asyncio.open_connection(host, port, limit=1024)
            connected.release()
            writer.write(beginning)
            await asyncio.sleep(PAUSE)
            while beginning is LARGE or not reader.at_eof():
                if beginning in (HEAD, BODY):
                    writer.write(b"a")
                if beginning is not LARGE:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(reader.read(1024), PAUSE)
                elif writer.is_closing():
                    break
                else:
                    await asyncio.sleep(PAUSE)
            writer.close()
        await asyncio.sleep(0.1)


def _ask(address: str, token: str, clients: int, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "scripts.bench.shared.load", address, ME, token, str(clients), str(seconds)]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    seen: dict[str, Any] = json.loads(done.stdout)
    if set(seen["statuses"]) != {"200"}:
        raise RuntimeError(f"not every request was answered with 200: {seen}")
    return seen


def _table(seen: dict[int, list[dict[str, Any]]], clients: int, ground: Ground) -> str:
    lines = [
        f"{ground.machine()}.",
        "",
        f"| `GET {ME}`, {clients} clients | requests/s | p50, ms | p99, ms | longest p99, ms |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for slow, rounds in seen.items():
        middle = {
            name: sorted(found[name] for found in rounds)[len(rounds) // 2] for name in ("rate", "p50_ms", "p99_ms")
        }
        longest = max(found["p99_ms"] for found in rounds)
        beside = f"beside {slow} slow callers" if slow else "alone"
        lines.append(
            f"| {beside} | {middle['rate']:,.0f} | {middle['p50_ms']:.1f} | {middle['p99_ms']:.1f} | {longest:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--be-slow"]:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_be_slow(sys.argv[2], int(sys.argv[3])))
    else:
        sys.exit(main())
