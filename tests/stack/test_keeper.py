"""A kept command comes back after any ending, and is gone with all it started when told to stop."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.nursery import wait_until

pytestmark = pytest.mark.faults


ROOT = Path(__file__).parents[2]


def keep(tmp_path: Path, command: str, *, parent: int | None = None, silent: float = 30) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-m", "scripts.stack.keeper", "--records", str(tmp_path / "pids")]
    words += ["--stop-seconds", "1.5", "--silent-seconds", str(silent)]
    return subprocess.Popen([*words, "--while", str(parent or os.getpid()), "web.1", command])


def wait_for(path: Path, *, lines: int) -> list[str]:
    wait_until(lambda: len(lines_of(path)) >= lines, 10, f"{path.name} has {lines} lines")
    return lines_of(path)


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("ending", ["exit 0", "exit 3", "kill -9 $$", "exec false"])
def test_any_ending_is_followed_by_a_start(tmp_path: Path, ending: str) -> None:
    keeper = keep(tmp_path, f"echo up >> {tmp_path}/starts; {ending}")
    try:
        wait_for(tmp_path / "starts", lines=2)
    finally:
        keeper.terminate()
        assert keeper.wait(60) == 0
    assert wait_for(tmp_path / "pids/web.1.endings", lines=1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_reaches_the_command_and_what_it_left(tmp_path: Path, number: signal.Signals) -> None:
    command = f"trap 'echo told >> {tmp_path}/told; exit 0' TERM; sleep 60 & echo $! > {tmp_path}/child; wait"
    keeper = keep(tmp_path, command)
    child = int(wait_for(tmp_path / "child", lines=1)[0])
    keeper.send_signal(number)
    assert keeper.wait(60) == 0
    assert (tmp_path / "told").read_text() == "told\n"
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    assert not list((tmp_path / "pids").glob("*.pid"))


def test_a_command_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    keeper = keep(tmp_path, f"trap '' TERM; echo up > {tmp_path}/starts; while :; do sleep 1; done")
    wait_for(tmp_path / "starts", lines=1)
    keeper.terminate()
    assert keeper.wait(60) == 0


def test_a_keeper_ends_with_the_start_it_belongs_to(tmp_path: Path) -> None:
    parent = subprocess.Popen(["sleep", "60"])
    keeper = keep(tmp_path, f"echo $$ > {tmp_path}/starts; exec sleep 60", parent=parent.pid)
    command = int(wait_for(tmp_path / "starts", lines=1)[0])
    parent.kill()
    parent.wait()
    assert keeper.wait(60) == 0
    assert not psutil.pid_exists(command)


SPEAKS = """
import os, time
from powerbank.base import watchdog
with open({starts!r}, "a") as starts:
    print(os.getpid(), file=starts)
while True:
    watchdog.notify_supervisor()
    time.sleep(0.1)
"""


def test_a_command_that_is_frozen_is_killed_and_started_again(tmp_path: Path) -> None:
    program = tmp_path / "speaks.py"
    program.write_text(SPEAKS.format(starts=str(tmp_path / "starts")))
    keeper = keep(tmp_path, f"env PYTHONPATH={ROOT} {sys.executable} {program}", silent=1.5)
    try:
        frozen = int(wait_for(tmp_path / "starts", lines=1)[0])
        time.sleep(2)
        assert len(wait_for(tmp_path / "starts", lines=1)) == 1, "it has spoken all the time"
        os.kill(frozen, signal.SIGSTOP)
        wait_for(tmp_path / "starts", lines=2)
        assert not psutil.pid_exists(frozen)
        assert wait_for(tmp_path / "pids/web.1.endings", lines=1)[0].startswith("signal SIGKILL")
    finally:
        keeper.terminate()
        assert keeper.wait(5) == 0
