"""A delivered daemon serves its health and its metrics."""

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import paho.mqtt.publish as mqtt
import pytest

from scripts.simulation import generate
from scripts.stack.ports import free_ports
from tests.nursery import Nursery
from tests.stations.network import Network, network

pytestmark = pytest.mark.faults

[SPEC] = generate(1, seed=3, filled=0).stations


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no shared database: this test has servers of its own."""


@pytest.fixture
def net(nursery: Nursery) -> Iterator[Network]:
    with network(nursery) as net:
        yield net


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
    except OSError:
        return 0, ""


def health(port: int) -> tuple[int, dict[str, Any]]:
    status, body = ask(port, "/health")
    return status, json.loads(body) if body else {}


def metric(port: int, name: str) -> float:
    [value] = [line.split()[-1] for line in ask(port, "/metrics")[1].splitlines() if line.startswith(f"{name} ")]
    return float(value)


def messages(port: int, outcome: str) -> float:
    return metric(port, f'powerbank_station_messages_total{{outcome="{outcome}"}}')


def say(net: Network, *told: tuple[str, str]) -> None:
    mqtt.multiple(
        [(topic, payload, 1, False) for topic, payload in told],
        port=net.broker.service_port,
        auth={"username": "powerbank", "password": net.broker.password},
    )


def test_a_daemon_counts_messages_and_says_what_is_wrong(net: Network) -> None:
    ports = free_ports()
    one, other = ports.web, ports.sandbox
    net.register([SPEC])
    first = net.shipped_daemon(MQTT_METRICS_PORT=str(one))
    net.wait(lambda: health(one) == (200, {"status": "ok", "leads": True}), "the first listens and says so")
    net.shipped_daemon(MQTT_METRICS_PORT=str(other))
    net.wait(lambda: health(other) == (200, {"status": "ok", "leads": False}), "the second stands by")
    assert ask(one, "/secrets")[0] == 404
    beat = {"boot_id": 1, "seq": 1, "status": "online", "slots": []}
    say(
        net,
        (f"stations/{SPEC.imei}/heartbeat", json.dumps(beat)),
        (f"stations/{SPEC.imei}/heartbeat", "{"),
        ("stations/nobody/heartbeat", "{}"),
    )
    net.wait(lambda: 'outcome="strangers"' in ask(one, "/metrics")[1], "all are counted")
    net.wait(lambda: messages(one, "messages") == 3, "all are counted")
    assert (messages(one, "nonsense"), messages(one, "strangers")) == (1, 1)
    assert metric(one, "powerbank_station_lag_seconds_count") == 3
    assert metric(one, "powerbank_station_lag_seconds_sum") < 30
    assert (metric(one, "powerbank_station_daemon_leads"), metric(other, "powerbank_station_daemon_leads")) == (1, 0)
    net.broker.kill()
    net.wait(lambda: health(one) == (503, {"status": "broker_away", "leads": True}), "it misses the broker")
    assert health(other)[0] == 200, "who stands by needs none"
    net.wait(lambda: not net.listening(), "it is known that nobody listens")
    net.broker.start()
    net.wait(lambda: health(one)[0] == 200 and net.listening() == {first.pid}, "and finds it again")
    net.postgres.stop("immediate")
    net.wait(lambda: health(one)[1].get("status") == "database_away", "it misses PostgreSQL")
    net.postgres.start()
    net.wait(lambda: health(one)[0] == 200, "and finds it again")
    first.send_signal(signal.SIGSTOP)
    net.wait(lambda: health(other)[1].get("leads") is True, "the second takes over")
    first.send_signal(signal.SIGCONT)
    net.wait(lambda: health(one) == (200, {"status": "ok", "leads": False}), "the first stands by")
    first.send_signal(signal.SIGTERM)
    assert first.wait(20) == 0
