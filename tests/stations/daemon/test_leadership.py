"""A daemon that is killed or frozen is replaced soon, and a frozen broker is noticed."""

import json
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from powerbank.stations.daemon import leadership
from scripts.simulation import generate
from tests.nursery import Running
from tests.stack.test_broker import Listener
from tests.stations.network import Network

[STATION] = generate(1, seed=13, filled=0).stations


def kill_and_start_again(net: Network, leader: Running) -> None:
    """Kill a daemon, and start the next one while the lease is far from its end: it sees that the process has ended."""
    leader.send_signal(signal.SIGKILL)
    leader.wait(30)
    assert net.rows("UPDATE leases SET until = now() + interval '1 hour' RETURNING 1")
    net.shipped_daemon()


def kill_beside_a_standby_elsewhere(net: Network, leader: Running) -> None:
    """Kill a daemon whose standby cannot see that the process has ended, as on another machine."""
    standby = net.shipped_daemon()
    net.wait(lambda: net.rows(f"SELECT 1 FROM heartbeats WHERE pid = {standby.pid}"), "the standby is up")
    assert net.rows("UPDATE leases SET holder = 'another/1 1 1' RETURNING 1")
    leader.send_signal(signal.SIGKILL)


@pytest.mark.faults
@pytest.mark.parametrize("fault", [kill_and_start_again, kill_beside_a_standby_elsewhere])
def test_a_daemon_that_falls_is_replaced(net: Network, fault: Callable[[Network, Running], None]) -> None:
    net.register([STATION])
    leader = net.shipped_daemon()
    net.wait(net.listening, "the daemon listens")
    station = Listener(net.broker, STATION.mqtt.username, STATION.mqtt.password)
    ended = threading.Event()
    sent: list[float] = []

    def speak() -> None:
        while not ended.wait(0.05):
            event = {"event_id": f"e{len(sent)}", "boot_id": 1, "seq": len(sent), "type": "tamper"}
            event["ts"] = datetime.now(UTC).isoformat()
            sent.append(time.monotonic())
            station.client.publish(f"stations/{STATION.imei}/events", json.dumps(event), qos=1)

    def newest() -> int:
        return int(
            net.value("SELECT coalesce(max(substr(key, 8)::int), -1) FROM station_messages WHERE key IS NOT NULL")
        )

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        net.wait(lambda: newest() > 0, "the daemon hears the station")
        fault(net, leader)
        said_before = len(sent)
        net.wait(lambda: newest() > said_before, "somebody hears the station again")
    finally:
        ended.set()
        speaker.join()
        station.close()


def test_a_process_is_known_by_its_machine_its_number_and_its_beginning() -> None:
    own = leadership.name_this_process()
    machine, pid, began = own.split(" ")
    assert not leadership.has_process_ended(own)
    assert leadership.has_process_ended(f"{machine} {pid} {int(began) - 1}")  # another process had this number before
    assert leadership.has_process_ended(f"{machine} {int(Path('/proc/sys/kernel/pid_max').read_text()) + 1} {began}")
    assert not leadership.has_process_ended(
        f"{machine} 1 {Path('/proc/1/stat').read_text().rpartition(')')[2].split()[19]}"
    )


@pytest.mark.parametrize("holder", ["another/1 999999999 1", " 999999999 1", "mqtt-host-999999999-abcdef", ""])
def test_of_other_machines_nothing_is_known(holder: str) -> None:
    assert not leadership.has_process_ended(holder)


@pytest.mark.faults
def test_a_frozen_broker_is_noticed_within_twenty_seconds_and_a_slow_one_is_kept(net: Network) -> None:
    net.shipped_daemon()
    net.wait(net.listening, "the daemon listens")
    net.broker.pause()
    time.sleep(5)
    assert net.listening()
    net.broker.resume()
    time.sleep(5)
    assert net.listening()
    net.broker.pause()
    frozen_at = time.monotonic()
    try:
        net.wait(lambda: not net.listening(), "the daemon misses the broker")
        assert time.monotonic() - frozen_at < 20
    finally:
        net.broker.resume()
    net.wait(net.listening, "the daemon listens again")
