"""The embedded broker keeps stations to their own topics, and messages through a crash."""

import json
import queue
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from scripts.stack.files import make_folder
from scripts.stack.ports import free_ports
from scripts.stack.servers.broker import EmbeddedBroker

pytestmark = pytest.mark.faults

IMEI = "860588041234567"


@pytest.fixture
def broker(data_dir: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(data_dir, free_ports().broker, "0123456789abcdef")
    broker.set_station_accounts([(IMEI, "12345")])
    broker.start()
    yield broker
    broker.stop()


class Listener:
    """A client that notes what it receives."""

    def __init__(self, broker: EmbeddedBroker, username: str, password: str, *, keep: str = "") -> None:
        self.received: queue.Queue[tuple[str, bytes | bytearray]] = queue.Queue()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=keep, clean_session=not keep)
        self.client.username_pw_set(username, password)
        self.client.on_message = lambda client, data, message: self.received.put((message.topic, message.payload))
        self.client.connect("127.0.0.1", broker.service_port if username == "powerbank" else broker.port)
        self.client.loop_start()

    def subscribe(self, topic: str) -> "Listener":
        acknowledged: queue.Queue[int] = queue.Queue()
        self.client.on_subscribe = lambda client, data, mid, codes, properties: acknowledged.put(mid)
        self.client.subscribe(topic, qos=1)
        acknowledged.get(timeout=60)
        return self

    def publish(self, topic: str, payload: str) -> None:
        self.client.publish(topic, payload, qos=1).wait_for_publish(5)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def test_a_station_reaches_its_own_topics_only(broker: EmbeddedBroker) -> None:
    service = Listener(broker, "powerbank", broker.password).subscribe("#")
    station = Listener(broker, IMEI, "12345")
    try:
        station.publish("stations/860588049999999/heartbeat", "forged")
        station.publish(f"stations/{IMEI}/heartbeat", "own")
        station.publish(f"/powerbank/{IMEI}/user/heart", "own too")
        assert service.received.get(timeout=60) == (f"stations/{IMEI}/heartbeat", b"own")
        assert service.received.get(timeout=60) == (f"/powerbank/{IMEI}/user/heart", b"own too")
        station.subscribe(f"stations/{IMEI}/commands")
        service.publish(f"stations/{IMEI}/commands", "eject")
        assert station.received.get(timeout=60) == (f"stations/{IMEI}/commands", b"eject")
    finally:
        station.close()
        service.close()


def wait_until_written(state: Path) -> None:
    """Mosquitto writes its state down every five seconds."""
    since, deadline = time.time(), time.monotonic() + 30
    while not state.exists() or state.stat().st_mtime <= since:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_messages_for_an_absent_subscriber_survive_a_kill(broker: EmbeddedBroker) -> None:
    Listener(broker, "powerbank", broker.password, keep="daemon").subscribe("stations/+/events").close()
    station = Listener(broker, IMEI, "12345")
    station.publish(f"stations/{IMEI}/events", "returned")
    station.close()
    if broker.kind == "mosquitto":
        wait_until_written(broker.folder / "mosquitto.db")
    broker.kill()
    broker.start()
    daemon = Listener(broker, "powerbank", broker.password, keep="daemon")
    try:
        assert daemon.received.get(timeout=60) == (f"stations/{IMEI}/events", b"returned")
    finally:
        daemon.close()


def test_accounts_change_while_it_runs(broker: EmbeddedBroker) -> None:
    service = Listener(broker, "powerbank", broker.password).subscribe("stations/#")
    # Another process, such as a command of the application, has an object of its own.
    elsewhere = EmbeddedBroker(broker.data_dir, broker.port, broker.password)
    elsewhere.set_station_accounts([("station-2", "secret"), (IMEI, "new")])
    deadline = time.monotonic() + 60
    while service.received.empty():
        assert time.monotonic() < deadline
        station = Listener(broker, "station-2", "secret")
        station.publish("stations/station-2/heartbeat", "here") if _connects(station) else None
        time.sleep(0.2)
        station.close()
    service.close()
    assert [account.username for account in broker.station_accounts()] == ["station-2", IMEI]


def _connects(listener: Listener) -> bool:
    deadline = time.monotonic() + 1
    while not listener.client.is_connected() and time.monotonic() < deadline:
        time.sleep(0.02)
    return listener.client.is_connected()


@pytest.mark.parametrize("name", ["", "+", "a/b", "stations.>", "powerbank", "x" * 65, "a\n"])
def test_a_name_that_would_widen_the_rules_is_refused(data_dir: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        EmbeddedBroker(data_dir, 1, "x").set_station_accounts([(name, "password")])


def test_accounts_that_were_hashed_for_the_other_broker_stop_no_start(data_dir: Path) -> None:
    """As after Mosquitto was installed, or removed: the accounts are written anew once it runs."""
    broker = EmbeddedBroker(data_dir, free_ports().broker, "0123456789abcdef")
    make_folder(broker.folder)
    accounts = [("one", "$2b$12$" + "a" * 53), ("two", "$7$101$YWFh$YWFh")]
    (broker.folder / "stations.json").write_text(json.dumps(accounts))
    broker._prepare()
    written = "".join(path.read_text() for path in broker.folder.glob("*") if path.name != "stations.json")
    assert ('"one"' in written) != ("two:" in written)
