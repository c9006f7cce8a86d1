"""The daemon's session at the broker, in which messages wait while no daemon listens, belongs to nobody else."""

import json
import signal
import socket
from datetime import UTC, datetime

import paho.mqtt.client as mqtt
import pytest
from flask import Flask
from paho.mqtt.enums import CallbackAPIVersion

from powerbank.base.db import db
from powerbank.integrations.mqtt.publisher import Publisher
from powerbank.stations.daemon import leadership
from scripts.simulation import generate
from scripts.stack.servers import broker as embedded
from scripts.stack.servers.broker import find_mosquitto
from tests.nursery import Nursery
from tests.stack.test_broker import Listener
from tests.stations.network import network

GOOD, EVIL = generate(2, seed=12, filled=0).stations


def test_the_client_id_is_made_up_once_for_all_daemons(context: Flask) -> None:
    name = leadership.find_client_id(db.engine)
    assert leadership.find_client_id(db.engine) == name
    assert len(name) == 22  # all brokers take 23 letters, and this is 88 bits
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE broker_state SET daemon_session = NULL, accounts_version = 7")
    assert leadership.find_client_id(db.engine) != name
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT accounts_version FROM broker_state").scalar() == 7


def test_whoever_sends_commands_has_a_new_name_each_time() -> None:
    names = {Publisher("mqtt://h:1")._connecting()._client_id for _ in range(3)}
    assert len(names) == 3
    assert not any(socket.gethostname().encode() in bytes(name) for name in names)


@pytest.mark.faults
@pytest.mark.parametrize("kind", ["nats", "mosquitto"])
def test_a_station_does_not_take_what_waits_for_the_daemon(
    kind: str, nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "nats":
        monkeypatch.setattr(embedded, "find_mosquitto", lambda: None)
    elif find_mosquitto() is None:
        pytest.skip("no mosquitto on this machine: `apt install mosquitto` to run this")
    with network(nursery) as net:
        net.register([GOOD, EVIL])
        net.rented_out(["70000001"])
        daemon = net.daemon()
        net.wait(net.listening, "the daemon listens")
        known = {row[0] for row in net.rows("SELECT name FROM heartbeats UNION SELECT holder FROM leases")}
        daemon.send_signal(signal.SIGKILL)
        good = Listener(net.broker, GOOD.mqtt.username, GOOD.mqtt.password)
        event = {
            "event_id": "e",
            "boot_id": 1,
            "seq": 1,
            "ts": datetime.now(UTC).isoformat(),
            "type": "returned",
            "slot_number": 1,
            "powerbank_sn": "70000001",
            "battery_level": 50,
        }
        good.publish(f"stations/{GOOD.imei}/events", json.dumps(event))
        good.close()
        for name in sorted(known | {"powerbank-daemon", "powerbank", "daemon", "mqtt", str(daemon.pid)}):
            for clean in (False, True):
                take_over(net.broker.port, name, clean=clean)
        net.daemon()
        net.wait(lambda: net.value("SELECT count(*) FROM station_messages WHERE key IS NOT NULL"), "the event is heard")


def take_over(port: int, name: str, *, clean: bool) -> None:
    thief = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean)
    thief.username_pw_set(EVIL.mqtt.username, EVIL.mqtt.password)
    thief.connect("127.0.0.1", port)
    for _ in range(20):
        thief.loop(0.05)
        if thief.is_connected():
            break
    thief.disconnect()
