"""The Procfile's processes under honcho, each kept running, until somebody stops the whole."""

import os
import shlex
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from honcho.environ import expand_processes, parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

from scripts.stack.options import ROOT
from scripts.stack.server import StackError


class LinesOnly(Printer):  # type: ignore[misc]  # honcho has no types
    """Without honcho's own remarks: some are printed inside a signal handler, where printing may fail."""

    def write(self, message: Any) -> None:
        if message.name != "system":
            super().write(message)


def read(procfiles: list[Path], scale: Mapping[str, int]) -> list[tuple[str, str]]:
    """Name and command of each process, as often as it is to run."""
    lines: dict[str, str] = {}
    for path in procfiles:
        if not path.exists():
            raise StackError(f"{path} is missing.")
        lines |= parse_procfile(path.read_text()).processes
    unknown = scale.keys() - lines.keys()
    if unknown:
        raise StackError(f"--scale names {', '.join(sorted(unknown))}; there are {', '.join(lines)}.")
    return [(process.name, process.cmd) for process in expand_processes(lines, concurrency=dict(scale))]


def run(commands: list[tuple[str, str]], environment: Mapping[str, str], records: Path) -> None:
    """Run all until SIGINT or SIGTERM. On return each is gone, or recorded for the next start."""
    manager = Manager(LinesOnly(sys.stdout))
    for name, command in commands:
        kept = [
            sys.executable,
            "-m",
            "scripts.stack.keep",
            "--records",
            str(records),
            "--while",
            str(os.getpid()),
        ]
        # `exec`, so that a signal reaches the keeper itself and not a shell before it.
        line = "exec " + shlex.join([*kept, name, command])
        manager.add_process(name, line, env=dict(environment), cwd=str(ROOT))
    _treat_a_closed_terminal_as_a_stop()
    try:
        manager.loop()
    except KeyError:
        # honcho was stopped before it had noted every pid; the caller ends those by their records.
        if manager.returncode is None:
            raise


def _treat_a_closed_terminal_as_a_stop() -> None:
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return

    def stop(number: int, frame: FrameType | None) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGHUP, stop)
