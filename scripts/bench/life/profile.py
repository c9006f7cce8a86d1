"""Where the processor time of each Python program goes, seen by py-spy a hundred times a second.

A look counts while a thread holds the interpreter: a program that waits for the database or for Redis does not.
"""

import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

RATE = 100  # looks a second
LIBRARIES = ("sqlalchemy", "powerbank", "jobs", "redis", "rq", "flask", "paho")
OTHERS = "Python and others"
LONGEST = 600  # seconds that py-spy watches unless it is stopped
STARTS_WITHIN = 3.0

Stacks = Counter[tuple[str, ...]]


@contextmanager
def recorded(programs: Mapping[str, int], folder: Path) -> Iterator[dict[str, Stacks]]:
    """Fill the mapping with the stacks that each program had within, and how often."""
    found: dict[str, Stacks] = {}
    spies = {name: _watch(pid, folder / f"{name}.stacks") for name, pid in programs.items()}
    time.sleep(STARTS_WITHIN)
    try:
        yield found
    finally:
        for spy in spies.values():
            spy.send_signal(signal.SIGINT)
        for spy in spies.values():
            spy.wait(60)
    found |= {name: _read(folder / f"{name}.stacks") for name in programs}


def own_time(stacks: Stacks) -> dict[str, float]:
    """The share of each function itself."""
    functions: Counter[str] = Counter()
    for stack, times in stacks.items():
        functions[stack[-1]] += times
    return _shares(functions)


def own_time_by_library(stacks: Stacks) -> dict[str, float]:
    """The share of all functions of a library together; the product's own code is `powerbank` and `jobs`."""
    libraries: Counter[str] = Counter()
    for stack, times in stacks.items():
        package = stack[-1].partition("/")[0]
        libraries[package if package in LIBRARIES else OTHERS] += times
    return _shares(libraries)


def time_within(stacks: Stacks) -> dict[str, float]:
    """The share of each function with all that it calls."""
    functions: Counter[str] = Counter()
    for stack, times in stacks.items():
        for function in set(stack):
            functions[function] += times
    return _shares(functions)


def _shares(functions: Counter[str]) -> dict[str, float]:
    total = functions.total() if functions else 1
    return {name: times / total for name, times in functions.most_common()}


def find_program() -> str:
    """Find py-spy, beside this Python or on the path."""
    beside_python = Path(sys.executable).parent / "py-spy"
    program = str(beside_python) if beside_python.exists() else shutil.which("py-spy")
    if program is None:
        raise SystemExit("--profile needs py-spy: pip install py-spy")
    return program


def _watch(pid: int, into: Path) -> "subprocess.Popen[bytes]":
    options = ["--rate", str(RATE), "--duration", str(LONGEST), "--format", "raw", "--output", str(into)]
    return subprocess.Popen(
        [
            find_program(),
            "record",
            *options,
            "--subprocesses",
            "--gil",
            "--nolineno",
            "--full-filenames",
            "--pid",
            str(pid),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _read(path: Path) -> Stacks:
    stacks: Stacks = Counter()
    for line in path.read_text().splitlines():
        frames, _, times = line.rpartition(" ")
        stacks[tuple(_named(frame) for frame in frames.split(";"))] += int(times)
    return stacks


def _named(frame: str) -> str:
    """A frame as module and function: `powerbank/outbox/enqueue.py: accept`."""
    function, _, place = frame.rpartition(" (")
    path = place.rstrip(")")
    for root in ("site-packages/", "lib/python3", f"{Path.cwd()}/"):
        _, found, rest = path.rpartition(root)
        if found:
            path = rest
            break
    return f"{path}: {function}"
