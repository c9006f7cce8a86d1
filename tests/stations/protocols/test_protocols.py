"""A topic leads to its protocol, and a third protocol needs one module and one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import db, utcnow
from powerbank.stations.daemon.batches import BatchWriter
from powerbank.stations.messages.message import ReceivedMessage
from powerbank.stations.protocols import PROTOCOLS, Route, find_route, list_subscriptions
from powerbank.stations.protocols.events import Heartbeat, Order
from powerbank.stations.protocols.protocol import Decoded, StationFacts
from powerbank.stations.registry import broker_files
from tests.stations.conftest import FACTS
from tests.stations.protocols.examples import IMEI, NOW


@pytest.mark.parametrize(
    ("topic", "protocol"),
    [
        (f"stations/{IMEI}/heartbeat", "json-v1"),
        (f"stations/{IMEI}/events", "json-v1"),
        (f"stations/{IMEI}/presence", "json-v1"),
        (f"stations/{IMEI}/responses/0198-abc_d", "json-v1"),
        (f"/powerbank/{IMEI}/user/update", "volinks-v1"),
        (f"/powerbank/{IMEI}/user/heart", "volinks-v1"),
    ],
)
def test_a_topic_leads_to_its_protocol_and_station(topic: str, protocol: str) -> None:
    route = find_route(topic)
    assert route is not None
    assert (route.protocol.name, route.imei) == (protocol, IMEI)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "stations",
        f"stations/{IMEI}",
        f"stations/{IMEI}/commands",
        f"stations/{IMEI}/heartbeat/x",
        f"/stations/{IMEI}/heartbeat",
        f"stations/{IMEI}/responses/",
        f"stations/{IMEI}/responses/a/b",
        "stations//heartbeat",
        "stations/+/heartbeat",
        "stations/a b/heartbeat",
        f"stations/{IMEI}/heartbeat\n",
        f"stations/{'9' * 65}/heartbeat",
        f"powerbank/{IMEI}/user/update",
        f"/powerbank/{IMEI}/user/get",
        "stations/\u0661\u0662/heartbeat",
        "$SYS/broker/uptime",
    ],
)
def test_any_other_topic_leads_nowhere(topic: str) -> None:
    assert find_route(topic) is None


def test_all_that_stations_send_is_subscribed_to_and_no_command() -> None:
    assert sorted(one.filter for one in list_subscriptions()) == [
        "/powerbank/+/user/heart",
        "/powerbank/+/user/update",
        "stations/+/events",
        "stations/+/heartbeat",
        "stations/+/presence",
        "stations/+/responses/+",
    ]
    assert {one.qos for one in list_subscriptions()} == {1}


TOY = '''
"""A third maker's cabinets say PING."""

import re

from powerbank.stations.protocols.commands import Unsupported
from powerbank.stations.protocols.events import Heartbeat, Order
from powerbank.stations.protocols.protocol import Decoded, Protocol, Reason, Subscription, Undecodable


def decode(topic, payload, received_at, facts):
    if payload != b"PING":
        return Undecodable(Reason.UNKNOWN)
    return Decoded((Heartbeat(Order(received_at)),))


PROTOCOL = Protocol(
    name="toy-v1",
    below="toy/{imei}",
    subscriptions=(Subscription("toy/+", 1),),
    up=re.compile(r"toy/(?P<imei>[0-9]{1,20})"),
    decode=decode,
    encode=lambda command, imei: Unsupported("toys obey nobody"),
    supports=frozenset(),
    heartbeat_seconds=10,
)
'''


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a third protocol to the list."""
    made_up: dict[str, Any] = {}
    exec(TOY, made_up)  # noqa: S102 (the text above)
    monkeypatch.setitem(PROTOCOLS, "toy-v1", made_up["PROTOCOL"])


@pytest.mark.usefixtures("toy")
def test_a_third_protocol_needs_one_line_in_the_list() -> None:
    assert sorted(PROTOCOLS) == ["json-v1", "toy-v1", "volinks-v1"]
    assert "toy/+" in {one.filter for one in list_subscriptions()}
    route = find_route("toy/42")
    assert route is not None
    assert route.imei == "42"
    assert route.protocol.decode("toy/42", b"PING", NOW, StationFacts()) == Decoded((Heartbeat(Order(NOW)),))
    assert find_route(f"stations/{IMEI}/events") == Route(PROTOCOLS["json-v1"], IMEI)


@pytest.mark.usefixtures("toy")
def test_stations_of_a_third_protocol_are_registered_let_in_and_heard(
    context: Flask,
    client: FlaskClient,
    staff_headers: Callable[..., dict[str, str]],
    tmp_path: Path,
) -> None:
    headers = staff_headers("operations")
    station = FACTS | {"sn": "T", "imei": "42", "slots": 1, "protocol": "toy-v1"}
    assert client.post("/api/admin/stations", json=station, headers=headers).status_code == 201
    wrong = station | {"sn": "U", "imei": "43", "protocol": "toy-v2"}
    assert client.post("/api/admin/stations", json=wrong, headers=headers).status_code == 422
    broker_files.write_broker_files(tmp_path, broker_url="mqtt://powerbank:x@h:1")
    assert "pattern readwrite toy/%u/#" in (tmp_path / broker_files.RULES).read_text().splitlines()
    assert client.get("/api/stations/T").get_json()["status"] == "offline"
    db.session.rollback()
    BatchWriter().write([ReceivedMessage("toy/42", b"PING", utcnow()), ReceivedMessage("toy/42", b"\xff", utcnow())])
    assert client.get("/api/stations/T").get_json()["status"] == "online"
