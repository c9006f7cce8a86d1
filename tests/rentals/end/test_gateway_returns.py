"""Returns that a gateway reports over HTTP for stations that do not speak MQTT."""

import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from powerbank.base.db import utcnow
from tests.people import rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out
from tests.stations.conftest import Make

SECRET = "of the gateways"


def settle_on(app: Flask, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    settings = app.config["SETTINGS"].model_copy(update={"gateway_secret": SecretStr(secret)})
    monkeypatch.setitem(app.config, "SETTINGS", settings)


@pytest.fixture
def gateway(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    settle_on(app, monkeypatch, SECRET)

    def tell(*, signed_at: float = 0, secret: str = SECRET, signed_body: bytes | None = None, **changed: Any) -> Any:
        event = {
            "event_id": "e1",
            "station_imei": "imei-B",
            "slot_number": 2,
            "powerbank_sn": "A-1",
            "battery_level": 40,
            "ts": utcnow().isoformat(),
        } | changed
        body = json.dumps(event).encode()
        at = int(time.time() + signed_at)
        digest = hmac.new(secret.encode(), f"{at}.".encode() + (signed_body or body), "sha256").hexdigest()
        headers = {"Powerbank-Signature": f"t={at},v1={digest}", "Content-Type": "application/json"}
        return client.post("/internal/rental/return-event", data=body, headers=headers)

    return tell


Gateway = Callable[..., Any]


def test_return_ends_the_rental_and_a_repeat_changes_nothing(
    out: Out, make_station: Make, cabinets: Cabinets, gateway: Gateway
) -> None:
    sita, rental_id = out(ago=30)
    make_station("B")
    assert gateway().status_code == 202
    cabinets.work()
    found = sita.rental(rental_id)
    assert (found["status"], found["return_station"]["sn"]) == ("completed", "B")
    again = gateway()
    assert (again.status_code, again.get_json()) == (200, {"accepted": True, "repeated": True})
    assert gateway(event_id="e2").status_code in (200, 202)
    cabinets.work()
    assert [each["event"] for each in sita.rental(rental_id)["timeline"]].count("returned") == 1
    assert sita.wallet()[:2] == ("450.00", "0.00")


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "of somebody else"},
        {"signed_at": -301},
        {"signed_at": 302},
        {"signed_body": b"{}"},
    ],
)
def test_return_without_a_right_signature_is_refused(
    app: Flask, out: Out, make_station: Make, cabinets: Cabinets, gateway: Gateway, wrong: dict[str, Any]
) -> None:
    sita, rental_id = out(ago=30)
    make_station("B")
    refused = gateway(**wrong)
    assert (refused.status_code, refused.get_json()["code"]) == (401, "bad_signature")
    cabinets.work()
    assert sita.rental(rental_id)["status"] == "active"
    assert rows(app, "SELECT count(*) FROM station_messages") == [(0,)]


def test_every_return_is_refused_where_no_secret_is_set(
    app: Flask, out: Out, make_station: Make, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_station("B")
    settle_on(app, monkeypatch, "")
    assert gateway(secret="").status_code == 401


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"station_imei": "nobody"}, 404),
        ({"slot_number": 0}, 422),
        ({"powerbank_sn": ""}, 422),
        ({"battery_level": 101}, 422),
        ({"ts": "yesterday"}, 422),
        ({"more": 1}, 422),
        ({"powerbank_sn": "नेपाल"}, 202),  # a serial that nobody has: looked into, not refused
    ],
)
def test_signed_but_malformed_returns_are_refused(
    make_station: Make, gateway: Gateway, changed: dict[str, Any], code: int
) -> None:
    make_station("B")
    assert gateway(**changed).status_code == code


@pytest.mark.parametrize("ts", ["1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_return_is_accepted_although_the_clock_of_the_gateway_is_wrong(
    out: Out, make_station: Make, cabinets: Cabinets, gateway: Gateway, ts: str
) -> None:
    sita, rental_id = out(ago=90, minutes=60)
    make_station("B")
    assert gateway(ts=ts).status_code == 202
    cabinets.work()
    found = sita.rental(rental_id)
    assert (found["status"], found["overdue_amount"]) == ("completed", "5.00")
    assert found["started_at"] < found["ended_at"] <= utcnow().isoformat()


def test_return_that_the_station_also_tells_is_applied_once(
    out: Out, make_station: Make, cabinets: Cabinets, gateway: Gateway
) -> None:
    sita, rental_id = out(ago=30)
    make_station("B")
    cabinets.take_back("A-1", "B", 2)
    assert gateway().status_code in (200, 202)
    cabinets.work()
    assert [each["event"] for each in sita.rental(rental_id)["timeline"]].count("returned") == 1


def test_event_ids_of_two_stations_do_not_collide(gateway: Gateway, make_station: Make) -> None:
    make_station("B")
    make_station("C")
    assert gateway(powerbank_sn="none").status_code == 202
    assert gateway(powerbank_sn="none", station_imei="imei-C").status_code == 202
    assert gateway(powerbank_sn="none").status_code == 200


def test_unknown_slot_is_refused(out: Out, make_station: Make, cabinets: Cabinets, gateway: Gateway) -> None:
    sita, rental_id = out(ago=30)
    make_station("B")
    refused = gateway(slot_number=99)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["slot_number"])
    cabinets.work()
    assert sita.rental(rental_id)["status"] == "active"
