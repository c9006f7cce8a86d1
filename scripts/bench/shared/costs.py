"""Processor time of each program with all that it started; of our own process, without what it started.

Waiting for the processor does not count, so other load on the machine changes it little."""

import os
from collections.abc import Mapping

import psutil


def so_far(programs: Mapping[str, int]) -> dict[str, float]:
    """Return seconds of processor time, by the names of these pids."""
    return {name: _used(psutil.Process(pid)) for name, pid in programs.items()}


def table(before: Mapping[str, float], after: Mapping[str, float], *, number: int, what: str) -> list[str]:
    used = {name: (after[name] - before[name]) / number * 1000 for name in after}
    dearest = sorted(used.items(), key=lambda each: -each[1])
    return [
        f"| processor time for each {what} | |",
        "| --- | ---: |",
        *(f"| {name} | {milliseconds:.1f} ms |" for name, milliseconds in dearest),
        f"| all of them | {sum(used.values()):.1f} ms |",
    ]


def _used(process: psutil.Process) -> float:
    """Those that have ended count with whoever waited for them."""
    times = process.cpu_times()
    own = float(times.user + times.system)
    if process.pid == os.getpid():
        return own
    living = 0.0
    for each in process.children():
        try:
            living += _used(each)
        except psutil.NoSuchProcess:
            continue
    return own + living + float(times.children_user + times.children_system)
