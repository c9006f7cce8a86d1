"""The Procfile's processes under honcho, each kept running, until somebody stops the whole."""

import contextlib
import multiprocessing
import os
import shlex
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Any

import psutil
from honcho.environ import expand_processes, parse_procfile
from honcho.manager import KILL_WAIT, SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Printer

from scripts.stack.errors import StackError
from scripts.stack.options import ROOT
from scripts.stack.records import end


class LinesOnly(Printer):  # type: ignore[misc]  # honcho has no types
    """Without honcho's own remarks: some are printed inside a signal handler, where printing may fail."""

    def __init__(self, output: IO[str], on_start: Callable[[], None]) -> None:
        super().__init__(output)
        self._on_start = on_start

    def write(self, message: Any) -> None:
        if message.name != SYSTEM_PRINTER_NAME:
            super().write(message)
        elif " started (pid=" in message.data:
            self._on_start()


class Processes(Manager):  # type: ignore[misc]
    """honcho knows a pid only once it has noted that process's start; a stop before that waits for it."""

    def __init__(self, count: int) -> None:
        super().__init__(LinesOnly(sys.stdout, self.note_start))
        self._to_start = count
        self._stop_wanted = False

    def note_start(self) -> None:
        self._to_start -= 1
        if self._stop_wanted:
            self.terminate()

    def terminate(self) -> None:
        self._stop_wanted = True
        if self._to_start == 0:
            super().terminate()


def read(procfiles: list[Path], scale: Mapping[str, int]) -> list[tuple[str, str]]:
    """Read the name and the command of each process, as often as it is to run."""
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
    manager = Processes(len(commands))
    for name, command in commands:
        # `exec`, so that a signal reaches the keeper itself and not a shell before it.
        line = "exec " + shlex.join(kept(name, command, records))
        manager.add_process(name, line, env=dict(environment), cwd=str(ROOT))
    _treat_a_closed_terminal_as_a_stop()
    try:
        manager.loop()
    finally:
        _end_what_honcho_left()


def kept(name: str, command: str, records: Path) -> list[str]:
    """The command that keeps this one running for as long as this process lives."""
    keeper = [sys.executable, "-m", "scripts.stack.keeper", "--records", str(records), "--while", str(os.getpid())]
    return [*keeper, name, command]


def _end_what_honcho_left() -> None:
    """After a failure of its own, such as a closed output. Python would wait for them for ever."""
    left = []
    for child in multiprocessing.active_children():
        with contextlib.suppress(psutil.NoSuchProcess):
            left.append(psutil.Process(child.pid))
    end(left, grace=KILL_WAIT)


def _treat_a_closed_terminal_as_a_stop() -> None:
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return

    def stop(number: int, frame: FrameType | None) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGHUP, stop)
