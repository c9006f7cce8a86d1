"""What a gateway reports over HTTP for a station that does not speak MQTT."""

import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import utcnow
from tests.people import change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out
from tests.rentals.end.test_gateway_returns import SECRET, settle_on
from tests.stations.conftest import Make

Report = Callable[..., Any]


@pytest.fixture
def report(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Report:
    settle_on(app, monkeypatch, SECRET)

    def tell(to: str = "imei-B", *, secret: str = SECRET, **words: Any) -> Any:
        body = json.dumps(words).encode()
        at = int(time.time())
        digest = hmac.new(secret.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
        headers = {"Powerbank-Signature": f"t={at},v1={digest}", "Content-Type": "application/json"}
        return client.post(f"/internal/stations/{to}/report", data=body, headers=headers)

    return tell


def heartbeat(seq: int = 1, **changed: Any) -> dict[str, Any]:
    slots = [{"slot_number": number, "status": "ok", "powerbank_sn": None} for number in range(1, 5)]
    return {"boot_id": 1, "seq": seq, "ts": utcnow().isoformat(), "status": "online", "slots": slots} | changed


def returned(seq: int = 2, **changed: Any) -> dict[str, Any]:
    told = {"event_id": "e1", "type": "returned", "slot_number": 2, "powerbank_sn": "A-1", "battery_level": 40}
    return told | {"boot_id": 1, "seq": seq, "ts": utcnow().isoformat()} | changed


def test_heartbeat_brings_a_station_online_and_a_repeat_changes_nothing(
    app: Flask, make_station: Make, cabinets: Cabinets, report: Report
) -> None:
    make_station("B", online=False)
    beat = heartbeat()
    for _ in range(2):
        accepted = report(**beat)
        assert (accepted.status_code, accepted.get_json()) == (202, {"accepted": True})
    assert rows(app, "SELECT online FROM station_live") == [(False,)]  # a job writes it
    cabinets.work()
    assert rows(app, "SELECT online, free_slots FROM station_live") == [(True, 4)]
    assert rows(app, "SELECT outcome FROM station_messages") == [("applied",)]
    assert report(**heartbeat(0, status="maintenance")).status_code == 202  # older than what is known
    cabinets.work()
    assert rows(app, "SELECT outcome FROM station_messages ORDER BY id") == [("applied",), ("stale",)]


def test_return_event_ends_the_rental_once(
    app: Flask, out: Out, make_station: Make, cabinets: Cabinets, report: Report
) -> None:
    sita, rental_id = out(ago=30)
    make_station("B")
    assert report(**returned()).status_code == 202
    assert report(**returned()).status_code == 202
    cabinets.work()
    found = sita.rental(rental_id)
    assert (found["status"], found["return_station"]["sn"]) == ("completed", "B")
    assert [each["event"] for each in found["timeline"]].count("returned") == 1
    assert rows(app, "SELECT count(*) FROM station_messages WHERE key = 'event:e1'") == [(1,)]


def test_events_outlive_a_time_without_workers_and_heartbeats_do_not(
    app: Flask, out: Out, make_station: Make, cabinets: Cabinets, report: Report
) -> None:
    sita, rental_id = out(ago=30)
    make_station("B")
    assert report(**returned()).status_code == 202
    assert report(**heartbeat(3)).status_code == 202
    soon = utcnow() + timedelta(minutes=3)
    jobs = "FROM outbox_jobs WHERE job = 'update_station_status' AND expires_at < :soon"
    assert rows(app, f"SELECT arguments ->> 'kind' {jobs}", soon=soon) == [("heartbeat",)]
    change(app, "UPDATE outbox_jobs SET expires_at = expires_at - interval '1 day' WHERE job = 'update_station_status'")
    cabinets.work()
    assert sita.rental(rental_id)["status"] == "completed"
    assert rows(app, "SELECT kind FROM station_messages") == [("Returned",)]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"to": "nobody"}, 404),
        ({"secret": "of somebody else"}, 401),
        ({"status": None, "slots": None}, 422),
        ({"slots": "none"}, 202),  # odd, and its status counts
        ({"more": 1}, 422),
        ({"slots": [{"slot_number": 1, "metadata": {"x": "y" * 70_000}}]}, 422),
        ({"hardware_info": {"\u0000": "\ud800"}}, 422),
        ({"imei": "imei-C"}, 422),
    ],
)
def test_unsigned_or_malformed_messages_are_refused(
    app: Flask, make_station: Make, cabinets: Cabinets, report: Report, changed: dict[str, Any], code: int
) -> None:
    make_station("B")
    refused = report(**(heartbeat() | changed))
    assert refused.status_code == code, refused.get_json()
    cabinets.work()
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE state = 'dead'") == [(0,)]
