"""Reporting that a station takes no power bank back: when the meter stops, and what else comes of it."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import new_id, transaction, utcnow
from powerbank.rentals.blocked_returns import services
from tests.people import change, rows
from tests.pictures.samples import jpeg
from tests.rentals.blocked_returns.conftest import NEAR, Pass, block, fill
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out, Packages, Renter, Renters
from tests.stations.conftest import Make

pytestmark = pytest.mark.usefixtures("near")


def notices(person: Renter) -> list[str]:
    return [each["type"] for each in person.get("/notifications")["items"] if each["type"].startswith("return_")]


def test_a_full_station_stops_the_meter_and_a_slot_is_kept(
    app: Flask, client: FlaskClient, out: Out, cabinets: Cabinets
) -> None:
    sita, rental_id = out(ago=30)
    fill(app, "A")
    answer = block(sita, rental_id)
    assert answer.status_code == 201, answer.text
    found = answer.get_json()
    assert (found["status"], found["reason"], found["station_sn"]) == ("granted", "station_full", "A")
    assert (found["go_to"]["station_sn"], found["go_to"]["name"]) == ("B", "Patan")
    assert (found["go_to"]["lat"], found["go_to"]["lng"], found["go_to"]["slot_number"]) == (*NEAR.values(), 1)
    assert 350 < found["go_to"]["distance_m"] < 450
    rental = sita.rental(rental_id)
    assert rental["pause"] == found
    assert rental["timeline"][-1]["event"] == "return_blocked"
    cabinets.work()
    assert notices(sita) == ["return_paused"]
    issues = rows(app, "SELECT issue_type FROM station_issues")
    assert [each.issue_type for each in issues] == ["other"]


def test_the_kept_slot_is_offered_to_nobody_else(app: Flask, client: FlaskClient, out: Out) -> None:
    sita, rental_id = out(ago=30)
    fill(app, "A")
    block(sita, rental_id)
    here = client.get("/api/stations/nearby?lat=27.7180&lng=85.3150").get_json()["items"]
    assert {each["sn"]: each["free_slots"] for each in here} == {"A": 0, "B": 3}
    detail = client.get("/api/stations/B").get_json()
    assert detail["free_slots"] == 3
    assert [each["state"] for each in detail["slots"]] == ["locked", "empty", "empty", "empty"]
    status = client.get("/gbfs/3.0/station_status.json").get_json()["data"]["stations"]
    assert {each["station_id"]: each["num_docks_available"] for each in status} == {"A": 0, "B": 3}


@pytest.mark.parametrize(
    ("sql", "reason", "issue"),
    [
        ("UPDATE station_live SET online = false WHERE sn = 'A'", "station_offline", "offline"),
        ("UPDATE station_live SET last_seen = now() - interval '91 s' WHERE sn = 'A'", "station_offline", "offline"),
        ("UPDATE stations SET maintenance = true WHERE sn = 'A'", "station_maintenance", "other"),
        ("UPDATE stations SET return_enabled = false WHERE sn = 'A'", "station_maintenance", "other"),
        ("""UPDATE station_live SET hours = '{"weekly": {}}' WHERE sn = 'A'""", "station_closed", "other"),
        (
            """INSERT INTO station_messages (id, station_id, received_at, kind, outcome, topic, payload)
               SELECT '{new}', id, now(), 'ReturnFailed', 'applied', 't', '' FROM stations WHERE sn = 'A'""",
            "station_refuses",
            "slot_stuck",
        ),
    ],
)
def test_what_is_known_of_the_station_bears_it_out(app: Flask, out: Out, sql: str, reason: str, issue: str) -> None:
    sita, rental_id = out(ago=30)
    change(app, sql.replace("{new}", str(new_id())))
    found = block(sita, rental_id).get_json()
    assert (found["status"], found["reason"]) == ("granted", reason)
    assert [each.issue_type for each in rows(app, "SELECT issue_type FROM station_issues")] == [issue]


def test_a_station_with_free_slots_stops_nothing(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=30)
    answer = block(sita, rental_id)
    found = answer.get_json()
    assert (answer.status_code, found["status"], found["reason"]) == (201, "refused", "slots_free")
    assert (found["paused_from"], found["paused_until"], found["go_to"]) == (None, None, None)
    assert sita.rental(rental_id)["pause"] is None
    assert rows(app, "SELECT count(*) FROM kept_slots") == [(0,)]
    cabinets.work()
    assert notices(sita) == []
    fill(app, "A")  # an honest report later loses nothing
    assert block(sita, rental_id).get_json()["status"] == "granted"


def test_false_alarms_are_told_to_staff(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=30)
    for _ in range(3):
        block(sita, rental_id)
    cabinets.work()
    told = rows(app, "SELECT context ->> 'detail' AS detail FROM staff_notices WHERE type = 'anomaly'")
    assert len(told) == 1
    assert "reported 3 blocked returns" in told[0].detail


def test_the_same_report_is_the_same_pause(app: Flask, out: Out) -> None:
    sita, rental_id = out(ago=30)
    fill(app, "A")
    first, again = block(sita, rental_id), block(sita, rental_id)
    assert first.get_json() == again.get_json()
    assert rows(app, "SELECT count(*) FROM kept_slots") == rows(app, "SELECT count(*) FROM blocked_returns") == [(1,)]


def test_once_by_the_person_and_again_by_staff(
    app: Flask, client: FlaskClient, out: Out, pass_minutes: Pass, staff_headers: Any
) -> None:
    sita, rental_id = out(ago=10, minutes=600)
    fill(app, "A")
    block(sita, rental_id)
    pass_minutes(31)
    refused = block(sita, rental_id).get_json()
    assert (refused["status"], refused["reason"]) == ("refused", "used_before")
    where = f"/api/admin/rentals/{rental_id}/return-blocked"
    reason = {"reason": "The next station was full as well."}
    assert client.post(where, json=reason, headers=staff_headers("viewer")).status_code == 403
    granted = client.post(where, json=reason, headers=staff_headers("support"))
    assert granted.status_code == 201, granted.text
    assert (granted.get_json()["reason"], granted.get_json()["go_to"]["station_sn"]) == ("by_staff", "B")
    assert sita.rental(rental_id)["pause"]["block_id"] == granted.get_json()["block_id"]
    assert [each.action for each in rows(app, "SELECT action FROM audit_log WHERE action = 'rental.pause'")]


def test_staff_let_a_running_pause_last_longer(
    app: Flask, client: FlaskClient, out: Out, pass_minutes: Pass, staff_headers: Any
) -> None:
    sita, rental_id = out(ago=10, minutes=600)
    fill(app, "A")
    first = block(sita, rental_id).get_json()
    pass_minutes(20)
    before = sita.rental(rental_id)["pause"]
    longer = client.post(
        f"/api/admin/rentals/{rental_id}/return-blocked",
        json={"reason": "It rains."},
        headers=staff_headers("operations"),
    ).get_json()
    assert (longer["block_id"], longer["paused_from"]) == (first["block_id"], before["paused_from"])
    assert longer["paused_until"] > before["paused_until"]


def test_staff_name_the_station_where_nobody_reported_one(client: FlaskClient, out: Out, staff_headers: Any) -> None:
    _, rental_id = out(ago=10)
    where, headers = f"/api/admin/rentals/{rental_id}/return-blocked", staff_headers("support")
    assert client.post(where, json={"reason": "They called."}, headers=headers).status_code == 422
    named = client.post(where, json={"reason": "They called.", "station_sn": "A"}, headers=headers)
    assert named.status_code == 201


def test_a_photo_is_kept_for_staff(app: Flask, out: Out) -> None:
    sita, rental_id = out(ago=30)
    fill(app, "A")
    answer = block(sita, rental_id, photo=base64.b64encode(jpeg()).decode(), lat=27.7153, lng=85.3123)
    assert answer.status_code == 201, answer.text
    assert rows(app, "SELECT count(*) FROM report_photos") == [(1,)]


def test_only_a_rental_that_is_out_has_a_meter(
    app: Flask, renter: Renters, package: Packages, make_station: Make
) -> None:
    make_station("A", charges={1: 90})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]
    refused = block(sita, rental_id)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "rental_over")
    assert block(sita, str(new_id())).status_code == 404


def test_without_a_slot_to_keep_any_station_will_do(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=30)
    fill(app, "A")
    fill(app, "B", but=2)
    found = block(sita, rental_id).get_json()
    assert (found["status"], found["go_to"]) == ("granted", None)
    cabinets.work()
    assert notices(sita) == ["return_paused_anywhere"]


def test_where_people_stood_is_forgotten_after_a_month(app: Flask, out: Out) -> None:
    sita, rental_id = out(ago=30)
    fill(app, "A")
    block(sita, rental_id, lat=27.7153, lng=85.3123)
    for days, known in ((29, 1), (31, 0)):
        with app.app_context(), transaction():
            services.forget_old_places(now=utcnow() + timedelta(days=days))
        assert rows(app, "SELECT count(lat) FROM blocked_returns") == [(known,)]
