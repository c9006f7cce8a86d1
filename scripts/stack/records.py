"""Which processes a start began, so that a later one can end what a killed start left running.

A record is a file with the pid and the time at which that process started: a pid alone may meanwhile
belong to somebody else.
"""

import contextlib
import os
import signal
from collections.abc import Collection
from pathlib import Path

import psutil

from scripts.stack.files import make_folder

# Start times are worked out from the boot time, which moves when the clock is set right.
CLOCK_DRIFT = 5.0


class Record:
    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.pid"

    def write(self, pid: int) -> None:
        make_folder(self.path.parent)
        with contextlib.suppress(psutil.NoSuchProcess):
            self.path.write_text(f"{pid} {psutil.Process(pid).create_time():.2f}\n")

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)

    def process(self) -> "psutil.Process | None":
        """Return the recorded process, if it is still the one that was recorded and is alive."""
        try:
            pid, started = self.path.read_text().split()
            process = psutil.Process(int(pid))
            same = abs(process.create_time() - float(started)) < CLOCK_DRIFT
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None


def end_recorded(folder: Path, *, but_not: Collection[str] = (), grace: float = 5.0) -> None:
    """End every recorded process and what it started."""
    records = [Record(folder, path.stem) for path in folder.glob("*.pid") if path.stem not in but_not]
    end([process for record in records if (process := record.process())], grace=grace)
    for record in records:
        record.clear()


def end(processes: "list[psutil.Process]", *, grace: float, how: signal.Signals = signal.SIGTERM) -> None:
    """Ask the processes and all they started to stop; kill what remains after the grace."""
    family = list(processes)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            family += process.children(recursive=True)
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(how)
            process.send_signal(signal.SIGCONT)
    _, alive = psutil.wait_procs(family, timeout=grace)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=grace)


def group_lives(group: int) -> bool:
    """Tell whether the group has a process that runs. Its dead processes do not count, reaped or not."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False


def running_in(folder: Path, name: str) -> "list[psutil.Process]":
    """List the processes of this name whose working folder this is."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.name().startswith(name) and Path(process.cwd()) == folder:
                found.append(process)
    return found
