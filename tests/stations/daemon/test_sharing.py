"""Several daemons share the messages, at brokers that can share and at brokers that cannot."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from powerbank.integrations.errors import VendorError
from powerbank.integrations.mqtt import sharing
from powerbank.stations.daemon.loop import Daemon
from scripts.simulation import generate
from scripts.stack.ports import free_ports
from scripts.stack.servers import broker
from scripts.stack.servers.broker import EmbeddedBroker
from tests.nursery import Nursery
from tests.stations.daemon.sharing_broker import SharingBroker
from tests.stations.network import Network, network

pytestmark = pytest.mark.faults

STATIONS = generate(20, seed=11, filled=0).stations


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no shared database: these tests have servers of their own."""


@pytest.fixture
def shares() -> Iterator[SharingBroker]:
    found = SharingBroker()
    found.start()
    yield found
    found.stop()


@pytest.fixture
def net(nursery: Nursery) -> Iterator[Network]:
    with network(nursery) as net:
        yield net


def test_a_broker_that_gives_a_dead_members_messages_to_others_is_known(shares: SharingBroker) -> None:
    assert sharing.keeps_for_others(shares.url)


@pytest.mark.parametrize("kind", ["mosquitto", "nats"])
def test_the_brokers_on_this_machine_cannot_share(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "nats":
        monkeypatch.setattr(broker, "find_mosquitto", lambda: None)
    elif broker.find_mosquitto() is None:
        pytest.skip("no mosquitto on this machine: `apt install mosquitto` to run this")
    found = EmbeddedBroker(tmp_path, free_ports().broker, "0123456789abcdef")
    found.start()
    try:
        assert found.kind == kind
        assert not sharing.keeps_for_others(found.url)
    finally:
        found.stop()
    with pytest.raises(VendorError, match="away"):
        sharing.keeps_for_others(found.url)


def test_a_daemon_that_cannot_share_does_not_begin(net: Network) -> None:
    """It would hear nothing, or lose what it holds when it falls."""
    assert net.shipped_daemon(MQTT_SHARED_GROUP="crew").wait(120) == 2
    assert "MQTT_SHARED_GROUP" in net.log("shipped daemon")
    assert net.listening() == set()


def test_the_messages_of_a_dead_member_go_to_the_others(net: Network, shares: SharingBroker) -> None:
    net.register(STATIONS)
    group = {"MQTT_URL": shares.url, "MQTT_SHARED_GROUP": "crew"}
    daemons = [net.shipped_daemon(**group) for _ in range(3)]
    net.wait(lambda: net.listening() == {each.pid for each in daemons}, "all listen")
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", shares.port)
    client.loop_start()
    rounds = 60
    for number in range(1, rounds + 1):
        for spec in STATIONS:
            event = {"event_id": f"b{number}", "boot_id": 1, "seq": number, "type": "tamper", "slot_number": 1}
            last = client.publish(f"stations/{spec.imei}/events", json.dumps(event), qos=1)
        last.wait_for_publish(10)
        if number == rounds // 2:
            daemons[0].send_signal(signal.SIGKILL)
    client.disconnect()
    client.loop_stop()
    kept = "SELECT count(*) FROM station_messages WHERE kind = 'Alarm'"
    net.wait(lambda: net.value(kept) == rounds * len(STATIONS), "nothing is lost")
    assert net.value("SELECT count(*) FROM outbox_jobs WHERE job = 'notify_staff'") == rounds * len(STATIONS)
    daemons[1].send_signal(signal.SIGTERM)
    assert daemons[1].wait(30) == 0


def test_in_a_group_every_topic_is_asked_for_as_a_share(net: Network) -> None:
    daemon = Daemon(net.app, url="mqtt://x@127.0.0.1:1", group="crew")
    filters = [each for each, _ in daemon._listener._filters]
    assert "$share/crew/stations/+/events" in filters
    assert "$share/crew//powerbank/+/user/update" in filters
    assert all(each.startswith("$share/crew/") for each in filters)
