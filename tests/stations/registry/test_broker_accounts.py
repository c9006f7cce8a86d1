"""Stations sign in at a broker with their own accounts, and reach only their own topics."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import paho.mqtt.client as mqtt
import pytest
from flask import Flask
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import func, select

from powerbank.base.db import db, transaction, utcnow
from powerbank.stations.models import BrokerState
from powerbank.stations.registry import broker_files, services
from scripts.broker_accounts import update_accounts
from scripts.stack.ports import free_ports
from scripts.stack.servers import broker_config
from scripts.stack.servers.broker import EmbeddedBroker, StationAccount, find_mosquitto
from scripts.stack.servers.placement import temporary_data_folder
from tests.stack.test_broker import Listener
from tests.stations.conftest import Make

FACTS = {"name": "A", "address": "A", "city": "A", "lat": 1.0, "lng": 1.0, "protocol": "json-v1", "slots": 1}


def register(sn: str, imei: str) -> str:
    with transaction():
        return services.register_station(sn=sn, imei=imei, **FACTS, now=utcnow())[1].password


def connects(port: int, username: str, password: str) -> bool:
    """Tell whether the broker lets them in; it answers within moments."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set(username, password)
    answers: list[bool] = []
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(not reason.is_failure)
    client.connect("127.0.0.1", port)
    client.loop_start()
    deadline = time.monotonic() + 60
    while not answers and time.monotonic() < deadline:
        time.sleep(0.02)
    client.disconnect()
    client.loop_stop()
    return bool(answers and answers[0])


@pytest.mark.faults
def test_a_station_registered_a_moment_ago_connects(context: Flask) -> None:
    with temporary_data_folder() as folder:
        broker = EmbeddedBroker(folder, free_ports().broker, "0123456789abcdef")
        broker.start()
        try:
            told = update_accounts(broker, None)
            password = register("A", "imei-a")
            assert not connects(broker.port, "imei-a", password)
            told = update_accounts(broker, told)
            wait_until_in(broker, "imei-a", password)
            assert not connects(broker.port, "imei-a", "wrong")
            assert update_accounts(broker, told) == told  # nothing new, nothing done
            with transaction():
                fresh = services.rotate_credentials("A", now=utcnow()).password
            update_accounts(broker, told)
            wait_until_in(broker, "imei-a", fresh)
            assert not connects(broker.port, "imei-a", password)
        finally:
            broker.stop()


def wait_until_in(broker: EmbeddedBroker, username: str, password: str) -> None:
    deadline = time.monotonic() + 60
    while not connects(broker.port, username, password):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_no_change_of_who_may_connect_is_missed(context: Flask, make_station: Make) -> None:
    """Also of those that leave their number and the newest time as they were."""
    at = utcnow()
    changes: dict[str, Callable[[], object]] = {
        "registered": lambda: services.register_station(sn="A", imei="imei-a", **FACTS, now=at),
        "a new password within the same moment": lambda: services.rotate_credentials("A", now=at),
        "one that is older by its host's clock": lambda: services.rotate_credentials("A", now=at - timedelta(hours=1)),
        "another in its place": lambda: (
            services.delete_station("A"),
            services.register_station(sn="B", imei="imei-b", **FACTS, now=at - timedelta(hours=1)),
        ),
        "switched off": lambda: services.change_station("B", {"active": False}),
        "switched on": lambda: services.change_station("B", {"active": True}),
    }
    seen = [broker_files.find_accounts_version()]
    for name, change in changes.items():
        db.session.rollback()
        with transaction():
            change()
        seen.append(broker_files.find_accounts_version())
        assert seen[-1] > seen[-2], name
    db.session.rollback()
    with transaction():
        services.change_station("B", {"name": "Another name"})
    assert broker_files.find_accounts_version() == seen[-1]


def test_a_change_is_seen_with_its_accounts_or_not_at_all(context: Flask) -> None:
    before = broker_files.find_accounts_version()
    with transaction():
        services.register_station(sn="A", imei="imei-a", **FACTS, now=utcnow())
        with db.engine.connect() as watcher:
            assert watcher.scalar(select(func.coalesce(func.max(BrokerState.accounts_version), 0))) == before
    assert broker_files.find_accounts_version() > before
    assert [name for name, _, _ in broker_files.list_accounts()] == ["imei-a"]


def test_both_writers_of_mosquittos_rules_agree(context: Flask, tmp_path: Path) -> None:
    made = broker_config.mosquitto(Path("/x"), 1, 2, StationAccount("powerbank", "secret"), [])
    broker_files.write_broker_files(tmp_path, broker_url="mqtt://powerbank:secret@h:1")
    rules = (tmp_path / broker_files.RULES).read_text()
    assert made["mosquitto.rules"] == rules
    assert rules.splitlines()[-2:] == ["pattern readwrite stations/%u/#", "pattern readwrite /powerbank/%u/#"]


def test_files_for_a_broker_hold_hashes_only(context: Flask, tmp_path: Path, make_station: Make) -> None:
    password = register("A", "imei-a")
    make_station("GONE", active=False)
    assert broker_files.write_broker_files(tmp_path, broker_url="mqtt://service:its%20own@h:1") == 1
    lines = (tmp_path / "mosquitto.passwords").read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["service", "imei-a"]
    assert all(line.split(":")[1].startswith("$7$101$") for line in lines)
    assert password not in "".join(lines)
    assert (tmp_path / "mosquitto.passwords").stat().st_mode & 0o007 == 0
    with pytest.raises(ValueError, match="names no user"):
        broker_files.write_broker_files(tmp_path, broker_url="mqtt://h:1")


CONF = Path(__file__).parents[3] / "deploy/mosquitto.conf"


class Ports(NamedTuple):
    """Of one broker: where stations connect, and where this service does."""

    stations: int
    service: int


@pytest.fixture
def mosquitto(context: Flask, tmp_path: Path) -> Iterator[tuple[Ports, dict[str, str]]]:
    """Start a real Mosquitto, as the example for production has it, on the files that the command writes.

    Return the passwords too.
    """
    program = find_mosquitto()
    if program is None:
        pytest.skip("no mosquitto on this machine: `apt install mosquitto` to run this")
    passwords = {imei: register(imei.upper(), imei) for imei in ("imei-a", "imei-b")} | {"powerbank": "service"}
    broker_files.write_broker_files(tmp_path, broker_url="mqtt://powerbank:service@127.0.0.1")
    ports = Ports(free_ports().broker, free_ports().broker)
    text = (
        CONF.read_text().replace("/etc/mosquitto/powerbank", str(tmp_path)).replace("/var/lib/mosquitto", str(tmp_path))
    )
    text = text.replace("listener 8883", f"listener {ports.stations} 127.0.0.1").replace("1883 ", f"{ports.service} ")
    (tmp_path / "mosquitto.conf").write_text(f"user root\n{text}" if os.geteuid() == 0 else text)
    process = subprocess.Popen([program, "-c", str(tmp_path / "mosquitto.conf")], stderr=subprocess.DEVNULL)
    port = ports.service
    deadline = time.monotonic() + 60
    while True:
        try:
            if connects(port, "powerbank", "service"):
                break
        except OSError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield ports, passwords
    process.terminate()
    process.wait(60)


class Broker:
    def __init__(self, port: int) -> None:
        self.port = self.service_port = port


@pytest.mark.faults
def test_a_station_neither_writes_nor_reads_as_another(mosquitto: tuple[Ports, dict[str, str]]) -> None:
    ports, passwords = mosquitto
    assert not connects(ports.stations, "imei-a", passwords["imei-b"])
    service, a, b = (
        Listener(Broker(port), name, passwords[name])  # type: ignore[arg-type]
        for port, name in ((ports.service, "powerbank"), (ports.stations, "imei-a"), (ports.stations, "imei-b"))
    )
    try:
        service.subscribe("#")
        a.subscribe("stations/#").subscribe("/powerbank/#").subscribe("#")
        b.subscribe("stations/imei-b/commands")
        a.publish("stations/imei-b/heartbeat", "forged")
        a.publish("/powerbank/imei-b/user/update", "forged")
        a.publish("stations/imei-a/heartbeat", "own")
        a.publish("/powerbank/imei-a/user/heart", "own too")
        assert service.received.get(timeout=60) == ("stations/imei-a/heartbeat", b"own")
        assert service.received.get(timeout=60) == ("/powerbank/imei-a/user/heart", b"own too")
        service.publish("stations/imei-b/commands", "for b")
        service.publish("/powerbank/imei-b/user/get", "for b")
        service.publish("stations/imei-a/commands", "for a")
        assert b.received.get(timeout=60) == ("stations/imei-b/commands", b"for b")
        heard = [a.received.get(timeout=60) for _ in range(2)]
        # The station hears its own messages, as it may listen to all that is its own. It hears nothing of the other
        # station.
        while heard[-1] != ("stations/imei-a/commands", b"for a"):
            heard.append(a.received.get(timeout=60))
        assert not [topic for topic, _ in heard if "imei-b" in topic]
    finally:
        for each in (service, a, b):
            each.close()


@pytest.mark.faults
def test_a_station_cannot_take_over_the_daemons_session(mosquitto: tuple[Ports, dict[str, str]]) -> None:
    ports, passwords = mosquitto
    service = Listener(Broker(ports.service), "powerbank", "service", keep="powerbank-daemon")  # type: ignore[arg-type]
    service.subscribe("stations/+/heartbeat")
    lost: list[object] = []
    service.client.on_disconnect = lambda *facts: lost.append(facts)
    thief = Listener(  # type: ignore[arg-type]
        Broker(ports.stations), "imei-a", passwords["imei-a"], keep="powerbank-daemon"
    )
    try:
        thief.publish("stations/imei-a/heartbeat", "mine")
        assert service.received.get(timeout=60) == ("stations/imei-a/heartbeat", b"mine")
        assert not lost
    finally:
        thief.close()
        service.close()
