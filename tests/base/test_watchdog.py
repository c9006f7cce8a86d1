"""A program tells its keeper that it works, and falls silent when its main loop hangs."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from powerbank.base import watchdog
from powerbank.base.watchdog import Watchdog
from scripts.stack.watch import Watch


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    watch = Watch(0.4)
    for name, value in watch.environment().items():
        monkeypatch.setenv(name, value)
    yield watch
    watch.close()


def test_a_program_that_never_spoke_is_not_silent(watch: Watch) -> None:
    time.sleep(0.5)
    assert not watch.silent


def test_a_turning_loop_is_heard_and_a_hanging_one_is_not(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "PATIENCE", 0.3)
    dog = Watchdog()
    dog.start()
    for _ in range(10):
        time.sleep(0.1)
        dog.turn()
        assert not watch.silent
    assert _silent_within(watch, 3)


def test_a_long_job_is_no_silence(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "PATIENCE", 0.1)
    dog = Watchdog()
    dog.start()
    dog.turn(lasts=60)
    assert not _silent_within(watch, 1)
    dog.turn()
    assert _silent_within(watch, 3)


def test_a_keeper_that_is_gone_or_deaf_stops_nobody(
    watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(1000):  # more than its socket holds
        watchdog.notify_supervisor()
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    watchdog.notify_supervisor()
    monkeypatch.delenv("NOTIFY_SOCKET")
    watchdog.notify_supervisor()


@pytest.mark.parametrize(
    ("given", "first"), [("300000000", b"WATCHDOG_USEC=60000000\nWATCHDOG=1"), ("20000000", b"WATCHDOG=1")]
)
def test_a_program_that_has_loaded_asks_for_a_minute_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, first: bytes
) -> None:
    """systemd counts from the start, and loading takes long on a busy machine."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as keeper:
        keeper.bind(str(tmp_path / "keeper"))
        keeper.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "keeper"))
        monkeypatch.setenv("WATCHDOG_USEC", given)
        Watchdog().start()
        assert keeper.recv(100) == first


def test_the_address_of_systemd_may_be_abstract(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as keeper:
        keeper.bind("\0powerbank-test-watchdog")
        keeper.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", "@powerbank-test-watchdog")
        watchdog.notify_supervisor()
        assert keeper.recv(100) == b"WATCHDOG=1"


def _silent_within(watch: Watch, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if watch.silent:
            return True
        time.sleep(0.05)
    return False
