"""NATS takes no message after its disk was full, keeps its connections, and stays so until it is started again."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from powerbank.integrations.mqtt import listener
from powerbank.integrations.mqtt.listener import PULSE, Listener
from scripts.stack.ports import free_ports
from scripts.stack.servers import broker as embedded
from scripts.stack.servers import guard
from scripts.stack.servers.broker import EmbeddedBroker
from scripts.stack.servers.guard import Guard
from tests.nursery import wait_until

pytestmark = pytest.mark.faults


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this account may not mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.fixture
def broker(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedBroker]:
    monkeypatch.setattr(embedded, "find_mosquitto", lambda: None)
    broker = EmbeddedBroker(small_disk / "data", free_ports().broker, "0123456789abcdef")
    broker.start()
    yield broker
    broker.stop()


@contextlib.contextmanager
def filled(disk: Path) -> Iterator[None]:
    junk = disk / "junk"
    with contextlib.suppress(OSError), junk.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    yield
    junk.unlink()


def test_a_broker_that_takes_no_message_is_started_again(
    broker: EmbeddedBroker, small_disk: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(guard, "ASK_EVERY", 1.0)
    assert broker.serves()
    with filled(small_disk):
        wait_until(lambda: not broker.serves(), 30, "it takes no message")
    assert not broker.serves()  # though there is room again
    before = broker.pid
    with Guard([broker]):
        wait_until(lambda: broker.running and broker.pid != before, 30, "it is started again")
        wait_until(broker.serves, 10, "it takes messages")
    assert "MQTT broker did its work no more; starting it again." in capfd.readouterr().out


def test_a_daemon_does_not_say_that_it_listens_while_the_broker_takes_no_message(
    broker: EmbeddedBroker, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So `no_daemon` is raised, with whatever broker."""
    monkeypatch.setattr(listener, "PULSE_EVERY", 0.5)
    monkeypatch.setattr(listener, "PULSE_PATIENCE", 2.0)
    filters = [("stations/+/heartbeat", 1), (PULSE, 1)]
    hears = Listener(broker.url, client_id="daemon", durable=True, filters=filters)

    def is_up() -> bool:
        hears.turn(0.1, most=10)
        return hears.is_up

    try:
        wait_until(is_up, 10, "it listens")
        with filled(small_disk):
            wait_until(lambda: not is_up(), 30, "it knows")
        for _ in range(50):
            assert not is_up()  # connected again, and no better, though there is room
        assert broker.running
        broker.restart()
        wait_until(is_up, 30, "it listens again")
        assert not hears.inbox  # its own pulses are nobody's business
    finally:
        hears.close()
