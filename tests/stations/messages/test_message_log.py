"""The messages of stations are kept as they came, and staff can read them."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.content import app_config
from tests.stations.conftest import Make
from tests.stations.talker import Talker, query_value

Staff = Callable[..., dict[str, str]]
BEAT = bytes.fromhex("A800117A104353513A32373B42503A30FC")  # a published heartbeat; its check code is right


def test_staff_read_messages_that_could_not_be_decoded(
    context: Flask, client: FlaskClient, make_station: Make, staff_headers: Staff
) -> None:
    talker, headers = Talker(make_station("A")), staff_headers("viewer")
    talker.event("tamper", 1, None)
    talker.take(f"stations/{talker.imei}/heartbeat", b"{")
    talker.take(f"stations/{talker.imei}/events", b"\xff\x00")
    page = client.get("/api/admin/stations/A/reports?limit=2", headers=headers).get_json()
    assert [(each["outcome"], each["payload"], each["encoding"]) for each in page["items"]] == [
        ("undecodable", "ff00", "hex"),
        ("undecodable", "{", "utf-8"),
    ]
    assert page["items"][1]["reason"].startswith("json")
    rest = client.get(f"/api/admin/stations/A/reports?limit=2&cursor={page['next_cursor']}", headers=headers).get_json()
    assert [(each["kind"], each["outcome"]) for each in rest["items"]] == [("Alarm", "applied")]
    only = client.get("/api/admin/stations/A/reports?outcome=applied", headers=headers).get_json()
    assert only["items"] == rest["items"]
    shown = client.get("/api/admin/stations/A", headers=headers).get_json()
    assert (shown["undecodable_messages"], shown["odd_messages"]) == (2, 0)
    assert client.get("/api/admin/stations/X/reports", headers=headers).status_code == 404
    assert client.get("/api/admin/stations/A/reports?outcome=x", headers=headers).status_code == 422


@pytest.mark.parametrize(("refuse", "online", "counts"), [(False, True, (0, 1)), (True, False, (1, 0))])
def test_a_wrong_check_code_is_counted_and_refused_only_if_staff_say_so(
    context: Flask,
    client: FlaskClient,
    make_station: Make,
    staff_headers: Staff,
    refuse: bool,
    online: bool,
    counts: tuple[int, int],
) -> None:
    station = make_station("V", protocol="volinks-v1", online=False)
    with transaction():
        app_config.set_value("refuse_wrong_check_codes", refuse, actor="test")
    Talker(station).take(f"/powerbank/{station.imei}/user/heart", BEAT[:-1] + b"\x00")
    shown = client.get("/api/admin/stations/V", headers=staff_headers()).get_json()
    assert (shown["status"] == "online", (shown["undecodable_messages"], shown["odd_messages"])) == (online, counts)
    Talker(station).take(f"/powerbank/{station.imei}/user/heart", BEAT)
    assert query_value("SELECT online FROM station_live") is True
