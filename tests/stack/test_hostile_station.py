"""A station that was taken over signs in with its own account and tries to be another one, or the daemon."""

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from scripts.stack.ports import free_ports
from scripts.stack.servers import broker as embedded
from scripts.stack.servers.broker import EmbeddedBroker, find_mosquitto
from tests.stack.test_broker import Listener

pytestmark = pytest.mark.faults

# These belong to another station, to the daemon, and to the broker itself.
LISTENS_TO = [
    "#",
    "+/good/#",
    "stations/#",
    "stations/good/#",
    "stations/good/commands",
    "/powerbank/good/#",
    "$share/g/#",
    "$SYS/#",
    "$MQTT/#",
    "$MQTT/sess/#",
    "$MQTT/msgs/#",
    "$MQTT/sub/#",
    "$MQTT/rmsgs/#",
    "$MQTT/JSA/#",
    "_INBOX/#",
    "$JS/#",
    "powerbank/#",
]
SPEAKS_ON = [
    "stations/good/heartbeat",
    "stations/good/events",
    "stations/good/presence",
    "stations/good/responses/1",
    "stations/good/commands",
    "/powerbank/good/user/update",
    "$MQTT/msgs/stations/good/heartbeat",
    "$MQTT/rmsgs/stations/good/presence",
    "$MQTT/sess/x",
    "$JS/API/STREAM/DELETE/$MQTT_sess",
    "$JS/API/STREAM/PURGE/$MQTT_msgs",
    "$SYS/REQ/SERVER/PING",
]


@pytest.fixture(params=["nats", "mosquitto"])
def broker(request: pytest.FixtureRequest, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedBroker]:
    if request.param == "nats":
        monkeypatch.setattr(embedded, "find_mosquitto", lambda: None)
    elif find_mosquitto() is None:
        pytest.skip("no mosquitto on this machine: `apt install mosquitto` to run this")
    broker = EmbeddedBroker(data_dir, free_ports().broker, "0123456789abcdef")
    broker.set_station_accounts([("evil", "its own"), ("good", "another")])
    broker.start()
    yield broker
    broker.stop()


def heard(listener: Listener) -> list[tuple[str, bytes | bytearray]]:
    time.sleep(0.5)
    return [listener.received.get() for _ in range(listener.received.qsize())]


def test_a_hostile_station_hears_nothing_of_others(broker: EmbeddedBroker) -> None:
    evil = Listener(broker, "evil", "its own")
    good = Listener(broker, "good", "another", keep="good").subscribe("stations/good/commands")
    service = Listener(broker, "powerbank", broker.password, keep="secret").subscribe("stations/+/heartbeat")
    try:
        for topic in LISTENS_TO:
            evil.subscribe(topic)
        good.publish("stations/good/heartbeat", "here")
        good.client.publish("stations/good/presence", "on", qos=1, retain=True).wait_for_publish(5)
        service.publish("stations/good/commands", "eject")
        assert service.received.get(timeout=5) == ("stations/good/heartbeat", b"here")
        assert good.received.get(timeout=5) == ("stations/good/commands", b"eject")
        assert [said for said in heard(evil) if "good" in said[0] or b"secret" in said[1]] == []
    finally:
        for each in (evil, good, service):
            each.close()


def test_a_hostile_station_says_nothing_in_the_name_of_another(broker: EmbeddedBroker) -> None:
    service = Listener(broker, "powerbank", broker.password, keep="secret")
    service.subscribe("stations/#").subscribe("/powerbank/#")
    good = Listener(broker, "good", "another", keep="good").subscribe("stations/good/commands")
    evil = Listener(broker, "evil", "its own")
    try:
        for topic in SPEAKS_ON:
            for retain in (False, True):
                evil.client.publish(topic, "forged", qos=1, retain=retain)
        time.sleep(0.5)
        last_will = mqtt.Client(CallbackAPIVersion.VERSION2)
        last_will.username_pw_set("evil", "its own")
        last_will.will_set("stations/good/presence", "forged", qos=1, retain=True)
        last_will.connect("127.0.0.1", broker.port)
        last_will.loop_start()
        time.sleep(0.3)
        connection = last_will.socket()
        assert connection is not None
        connection.shutdown(socket.SHUT_RDWR)
        last_will.loop_stop()
        good.publish("stations/good/heartbeat", "true")
        service.publish("stations/good/commands", "true")
        assert heard(service) == [("stations/good/heartbeat", b"true"), ("stations/good/commands", b"true")]
        assert heard(good) == [("stations/good/commands", b"true")]
        # Whoever comes later is told what the broker keeps.
        later = Listener(broker, "powerbank", broker.password).subscribe("#")
        assert heard(later) == []
        later.close()
    finally:
        for each in (evil, good, service):
            each.close()


def test_natss_own_protocol_takes_nobodys_account(broker: EmbeddedBroker) -> None:
    """It would show the sessions, and with them the daemon's client id."""
    if broker.kind != "nats":
        pytest.skip("Mosquitto speaks MQTT only")
    found = re.search(r"Listening for client connections on 127\.0\.0\.1:(\d+)", broker.log.read_text())
    assert found is not None
    for user, password in (("evil", "its own"), ("powerbank", broker.password)):
        with socket.create_connection(("127.0.0.1", int(found[1])), timeout=5) as connection:
            connection.recv(4096)
            asked = f'CONNECT {{"user":"{user}","pass":"{password}","verbose":true}}\r\nSUB $MQTT.> 1\r\n'
            connection.sendall(asked.encode())
            assert b"Authorization Violation" in connection.recv(4096)


def test_a_hostile_station_closes_no_connection_of_another(broker: EmbeddedBroker) -> None:
    if broker.kind == "nats":
        pytest.skip("NATS does not bind client ids to accounts (decision 21)")
    good = Listener(broker, "good", "another", keep="good").subscribe("stations/good/commands")
    service = Listener(broker, "powerbank", broker.password, keep="secret")
    try:
        for name in ("good", "secret"):
            evil = Listener(broker, "evil", "its own", keep=name).subscribe("stations/evil/commands")
            service.publish("stations/good/commands", name)
            assert good.received.get(timeout=5) == ("stations/good/commands", name.encode())
            assert heard(evil) == []
            evil.close()
        assert good.client.is_connected()
        assert service.client.is_connected()
    finally:
        good.close()
        service.close()


def test_its_account_opens_nothing_where_this_service_connects(broker: EmbeddedBroker) -> None:
    if broker.kind == "nats":
        pytest.skip("NATS has one port for all")
    evil = mqtt.Client(CallbackAPIVersion.VERSION2)
    evil.username_pw_set("evil", "its own")
    evil.connect("127.0.0.1", broker.service_port)
    for _ in range(20):
        evil.loop(0.05)
    assert not evil.is_connected()
