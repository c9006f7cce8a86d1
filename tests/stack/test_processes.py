"""A stop ends every process of the Procfile, in the first instant too."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from tests.nursery import wait_until

pytestmark = pytest.mark.faults

RUN = """
    import os, signal, sys
    from pathlib import Path
    from scripts.stack import processes

    def stop_at_the_second():
        started.append(1)
        if len(started) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    started = []
    if sys.argv[2] == "at once":
        os.register_at_fork(after_in_parent=stop_at_the_second)
    commands = [(f"p.{number}", f"echo up; exec sleep 600.25") for number in range(3)]
    processes.run(commands, dict(os.environ), Path(sys.argv[1]))
    print("returned")
"""


@pytest.mark.parametrize("when", ["at once", "later"])
def test_a_stop_at_any_time_leaves_nothing(tmp_path: Path, when: str) -> None:
    started = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RUN), str(tmp_path), when],
        stdout=subprocess.PIPE,
        env={**os.environ, "POWERBANK_TRIAL": str(tmp_path)},
    )
    if when == "later":
        assert started.stdout is not None
        assert [b"up" in started.stdout.readline() for _ in range(3)] == [True] * 3
        started.terminate()
    said, _ = started.communicate(timeout=60)
    assert said.endswith(b"returned\n")
    assert started.returncode == 0
    wait_until(lambda: not carrying(str(tmp_path)), 3, "nothing is left")


def carrying(mark: str) -> list[int]:
    """List the processes that were started with this mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("POWERBANK_TRIAL") == mark:
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found
