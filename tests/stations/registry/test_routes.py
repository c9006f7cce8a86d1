"""Staff manage the registry of stations."""

from collections.abc import Callable
from typing import Any

import bcrypt
import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.stations.registry import services
from powerbank.stations.registry.schemas import StationChangeSchema
from tests.people import rows
from tests.stations.conftest import Make, SignIn

Staff = Callable[..., dict[str, str]]

BODY: dict[str, Any] = {
    "sn": "KTM-001",
    "imei": "860588041234567",
    "name": "Thamel",
    "address": "Thamel Marg",
    "city": "Kathmandu",
    "lat": 27.7153,
    "lng": 85.3123,
    "slots": 8,
    "protocol": "json-v1",
}
HEADING = "sn,imei,name,address,city,lat,lng,slots,protocol\n"


def test_a_station_is_registered_and_its_password_shown_once(
    app: Flask, client: FlaskClient, staff_headers: Staff
) -> None:
    headers = staff_headers()
    made = client.post("/api/admin/stations", json=BODY, headers=headers)
    assert made.status_code == 201
    answer = made.get_json()
    assert answer["mqtt"]["username"] == BODY["imei"]
    password = answer["mqtt"]["password"]
    assert len(password) >= 32
    seen = client.get("/api/admin/stations/KTM-001", headers=headers).get_json()
    assert "mqtt" not in seen
    assert [slot["state"] for slot in seen["slots"]] == ["empty"] * 8
    [kept] = rows(app, "SELECT * FROM station_credentials")
    assert password not in str(kept)
    assert bcrypt.checkpw(password.encode(), kept.bcrypt.encode())
    [entry] = rows(app, "SELECT action, new FROM audit_log")
    assert entry.action == "stations.create"
    assert password not in str(entry.new)


def test_credentials_are_rotated(app: Flask, client: FlaskClient, staff_headers: Staff) -> None:
    headers = staff_headers()
    first = client.post("/api/admin/stations", json=BODY, headers=headers).get_json()["mqtt"]
    second = client.post("/api/admin/stations/KTM-001/credentials", headers=headers)
    assert second.status_code == 201
    [kept] = rows(app, "SELECT bcrypt FROM station_credentials")
    assert bcrypt.checkpw(second.get_json()["password"].encode(), kept.bcrypt.encode())
    assert not bcrypt.checkpw(first["password"].encode(), kept.bcrypt.encode())
    assert client.post("/api/admin/stations/X/credentials", headers=headers).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"lat": 91},
        {"lng": -181},
        {"lat": "nan"},
        {"imei": "a/b"},
        {"imei": "+"},
        {"sn": "a b"},
        {"slots": 0},
        {"protocol": "x"},
        {"timezone": "Mars/Base"},
        {"images": ["http://plain.example.com/a.jpg"]},
        {"name": "<b>"},
        {"opening_hours": {"weekly": {"mon": [["25:00", "26:00"]]}}},
        {"opening_hours": {"weekly": {"mon": [["07:00"]]}}},
        {"opening_hours": {"weekly": {"mon": [["07:00", "07:00"]]}}},
        {"opening_hours": {"weekly": {"x": []}}},
        {"opening_hours": {"weekly": {}, "exceptions": [{"date": "2026-02-30", "hours": []}]}},
        {"colour": "red"},
    ],
)
def test_a_wrong_value_is_refused(client: FlaskClient, staff_headers: Staff, change: dict[str, Any]) -> None:
    assert client.post("/api/admin/stations", json=BODY | change, headers=staff_headers()).status_code == 422


def test_number_and_imei_are_nobody_elses(client: FlaskClient, staff_headers: Staff) -> None:
    headers = staff_headers()
    client.post("/api/admin/stations", json=BODY, headers=headers)
    for change in ({"sn": "OTHER"}, {"imei": "other"}):
        refused = client.post("/api/admin/stations", json=BODY | change, headers=headers)
        assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "already_exists")


def test_a_station_is_changed(app: Flask, client: FlaskClient, staff_headers: Staff) -> None:
    headers = staff_headers()
    client.post("/api/admin/stations", json=BODY, headers=headers)
    hours = {"weekly": {"mon": [["07:00", "21:00"]]}, "exceptions": []}
    body = {"name": "Durbar", "opening_hours": hours, "slots": 10, "amenities": ["wifi"]}
    changed = client.patch("/api/admin/stations/KTM-001", json=body, headers=headers)
    assert (changed.status_code, changed.get_json()["name"]) == (200, "Durbar")
    assert changed.get_json()["opening_hours"] == hours
    assert len(client.get("/api/stations/KTM-001").get_json()["slots"]) == 10
    assert [item["sn"] for item in client.get("/api/stations?q=durbar").get_json()["items"]] == ["KTM-001"]
    entry = rows(app, "SELECT old, new FROM audit_log ORDER BY id")[-1]
    assert (entry.old["name"], entry.new["name"]) == ("Thamel", "Durbar")
    for wrong in ({"imei": "x"}, {"opening_hours": {}}, {"opening_hours": {"weekly": {}, "exceptions": [{}]}}):
        assert client.patch("/api/admin/stations/KTM-001", json=wrong, headers=headers).status_code == 422
    cleared = client.patch("/api/admin/stations/KTM-001", json={"opening_hours": None}, headers=headers)
    assert (cleared.get_json()["opening_hours"], cleared.get_json()["name"]) == (None, "Durbar")


def test_a_slot_with_a_bank_in_it_does_not_go(client: FlaskClient, make_station: Make, staff_headers: Staff) -> None:
    make_station("A", charges={4: 90})
    headers = staff_headers()
    refused = client.patch("/api/admin/stations/A", json={"slots": 3}, headers=headers)
    assert refused.get_json(force=True)["code"] == "slot_occupied"
    make_station("B")
    assert client.patch("/api/admin/stations/B", json={"slots": 1}, headers=headers).status_code == 200
    assert len(client.get("/api/stations/B").get_json()["slots"]) == 1


def test_a_station_without_history_is_deleted_and_another_is_not(
    client: FlaskClient, make_station: Make, staff_headers: Staff
) -> None:
    make_station("A")
    make_station("B", charges={1: 50})
    headers = staff_headers()
    assert client.delete("/api/admin/stations/A", headers=headers).status_code == 204
    assert client.get("/api/admin/stations/A", headers=headers).status_code == 404
    refused = client.delete("/api/admin/stations/B", headers=headers)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "in_use")


def test_maintenance_is_seen_by_all(client: FlaskClient, make_station: Make, staff_headers: Staff) -> None:
    make_station("A")
    headers = staff_headers("operations")
    assert client.post("/api/admin/stations/A/maintenance", json={"enable": True}, headers=headers).status_code == 200
    assert client.get("/api/stations/A").get_json()["status"] == "maintenance"
    client.post("/api/admin/stations/A/maintenance", json={"enable": False}, headers=headers)
    assert client.get("/api/stations/A").get_json()["status"] == "online"


def test_staff_get_the_code_to_print(app: Flask, client: FlaskClient, make_station: Make, staff_headers: Staff) -> None:
    make_station("A")
    answer = client.get("/api/admin/stations/A/qr.svg", headers=staff_headers("viewer"))
    assert answer.content_type == "image/svg+xml"
    assert answer.text.startswith("<?xml")
    assert f"<title>{app.config['SETTINGS'].public_url}/s/A</title>" in answer.text
    assert client.get("/api/admin/stations/A/qr.svg").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "", BODY),
        ("patch", "/A", {"name": "x"}),
        ("delete", "/A", None),
        ("post", "/A/credentials", None),
        ("post", "/A/maintenance", {"enable": True}),
    ],
)
def test_staff_who_may_only_read_change_nothing(
    client: FlaskClient, make_station: Make, staff_headers: Staff, sign_in: SignIn, method: str, path: str, body: Any
) -> None:
    make_station("A")
    ask = getattr(client, method)
    assert ask(f"/api/admin/stations{path}", json=body, headers=staff_headers("viewer")).status_code == 403
    assert ask(f"/api/admin/stations{path}", json=body, headers=sign_in()).status_code == 401
    assert ask(f"/api/admin/stations{path}", json=body).status_code == 401


def upload(client: FlaskClient, headers: dict[str, str], data: str | bytes, dry_run: bool = False) -> Any:
    address = f"/api/admin/stations/import?dry_run={str(dry_run).lower()}"
    return client.post(address, data=data, content_type="text/csv", headers=headers)


def test_stations_are_imported_row_by_row(client: FlaskClient, make_station: Make, staff_headers: Staff) -> None:
    make_station("OLD")
    headers = staff_headers()
    file = (
        HEADING + 'A,i1,"Café, upper",Road 1,Kathmandu,27.1,85.1,8,json-v1\n'
        "OLD,i2,x,y,z,27,85,8,json-v1\nB,i1,x,y,z,27,85,8,json-v1\nC,i3,x,y,z,91,85,many,json-v1\n"
        "D,i4,x,y,z,27,85,8,volinks-v1\n"
    )
    dry = upload(client, headers, file, dry_run=True)
    assert dry.status_code == 200
    assert [row["result"] for row in dry.get_json()["rows"]] == ["valid", "refused", "refused", "refused", "valid"]
    assert client.get("/api/admin/stations/A", headers=headers).status_code == 404
    real = upload(client, headers, "\ufeff" + file).get_json()
    assert (real["accepted"], real["refused"]) == (2, 3)
    by_sn = {row["sn"]: row for row in real["rows"]}
    assert (by_sn["A"]["row"], by_sn["A"]["mqtt"]["username"]) == (2, "i1")
    assert list(by_sn["OLD"]["errors"]) == ["sn"]
    assert list(by_sn["B"]["errors"]) == ["imei"]
    assert set(by_sn["C"]["errors"]) == {"lat", "slots"}
    assert client.get("/api/stations/A").get_json()["name"] == "Café, upper"
    assert client.get("/api/stations/C").status_code == 404


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"sn,imei\nA,b\n", HEADING.encode(), b"\x00", (HEADING.strip() + ",colour\n").encode()]
)
def test_a_file_that_is_no_such_csv_is_refused(client: FlaskClient, staff_headers: Staff, data: bytes) -> None:
    refused = upload(client, staff_headers(), data)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (422, "bad_file")


def test_a_changed_setting_changes_what_is_available(
    app: Flask, client: FlaskClient, make_station: Make, staff_headers: Staff
) -> None:
    make_station("A", charges={1: 25})
    headers = staff_headers()
    assert client.get("/api/stations/A").get_json()["available_banks"] == 0
    changed = client.patch("/api/admin/config/min_eject_battery", json={"value": 20}, headers=headers)
    assert (changed.status_code, changed.get_json()["value"]) == (200, 20)
    assert app.test_cli_runner().invoke(args=["stations", "rebuild-live"]).exit_code == 0
    assert client.get("/api/stations/A").get_json()["available_banks"] == 1


def test_the_demonstration_is_made_once(app: Flask, client: FlaskClient) -> None:
    run = app.test_cli_runner()
    first, again = (run.invoke(args=["seed-demo"]) for _ in range(2))
    assert first.exit_code == again.exit_code == 0
    assert len(client.get("/api/stations?limit=100").get_json()["items"]) == 12
    assert len(client.get("/api/packages").get_json()["items"]) == 5


def test_the_registry_names_partners(app: Flask, client: FlaskClient, make_station: Make, staff_headers: Staff) -> None:
    headers = staff_headers("superadmin")
    host = {"name": "Himalayan Java", "kind": "venue", "contact": {}}
    partner_id = client.post("/api/admin/partners", json=host, headers=headers).get_json()["id"]
    for sn in ("A", "B"):
        make_station(sn)
    client.patch("/api/admin/stations/B", json={"partner_id": partner_id}, headers=headers)
    listed = client.get("/api/admin/stations", headers=headers).get_json()["items"]
    named = {"A": (None, None), "B": (partner_id, "Himalayan Java")}
    assert {each["sn"]: (each["partner_id"], each["partner_name"]) for each in listed} == named
    assert client.get("/api/admin/stations/B", headers=headers).get_json()["partner_name"] == "Himalayan Java"
    wanted = {"partner": "himalayan"}
    [found] = client.get("/api/admin/stations", query_string=wanted, headers=headers).get_json()["items"]
    assert found["sn"] == "B"
    counted = client.get("/api/admin/station-actions/count", query_string=wanted, headers=headers)
    assert counted.get_json() == {"count": 1}


def test_each_field_that_staff_change_leaves_its_difference(
    client: FlaskClient, make_station: Make, staff_headers: Callable[..., dict[str, str]], app: Flask
) -> None:
    """All that the schema of a change takes, so that a new field is looked at too."""
    make_station("A")
    headers = staff_headers()
    host = {"name": "Bakery", "kind": "venue"}
    partner_id = client.post("/api/admin/partners", json=host, headers=headers).get_json()["id"]
    changes: dict[str, Any] = {
        "name": "New",
        "address": "Elsewhere 1",
        "city": "Pokhara",
        "lat": 27.1,
        "lng": 85.1,
        "timezone": "UTC",
        "opening_hours": {"weekly": {"mon": [["07:00", "21:00"]]}},
        "images": ["https://example.com/a.jpg"],
        "amenities": ["wifi"],
        "rent_enabled": False,
        "return_enabled": False,
        "active": False,
        "protocol": "volinks-v1",
        "partner_id": partner_id,
        "slots": 9,
    }
    takes = {name for name, field in StationChangeSchema().fields.items() if not field.dump_only}
    assert takes - changes.keys() == set()
    for name in takes:
        answer = client.patch("/api/admin/stations/A", json={name: changes[name]}, headers=headers)
        assert answer.status_code == 200, (name, answer.text)
        [last] = rows(app, "SELECT old, new FROM audit_log ORDER BY id DESC LIMIT 1")
        assert last.old[name] != last.new[name], name
        assert {other for other in last.new if last.new[other] != last.old.get(other)} == {name}


def test_arguments_of_the_caller_are_not_changed(context: Flask, make_station: Make) -> None:
    make_station("A")
    changes = {"slots": 9, "name": "New"}
    with transaction():
        services.change_station("A", changes)
    assert changes == {"slots": 9, "name": "New"}
