"""Staff act on many stations at once: the chosen ones, or all that matched when they were counted."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text

from powerbank.base.db import db, transaction, utcnow
from powerbank.stations.actions import services as actions
from powerbank.stations.models import Station
from powerbank.stations.registry import services as registry
from tests.people import change, rows

Make = Callable[..., Station]
SignIn = Callable[..., dict[str, str]]
Work = Callable[..., None]
ACTIONS = "/api/admin/station-actions"
FIRMWARE = {"url": "https://firmware.example/2.bin", "sha256": "0" * 64, "version": "2.0"}


@pytest.fixture
def stations(make_station: Make) -> list[str]:
    """Three stations in Kathmandu, the last of which knows no maintenance, and one in Pokhara."""
    make_station("K1", charges={1: 90})
    make_station("K2")
    make_station("K3", protocol="volinks-v1")
    make_station("P1", city="Pokhara")
    return ["K1", "K2", "K3", "P1"]


def act(client: FlaskClient, headers: dict[str, str], **body: Any) -> str:
    answer = client.post(ACTIONS, json={"action": "maintenance_on", "reason": "Storm."} | body, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["operation_id"])


def operation(client: FlaskClient, headers: dict[str, str], operation_id: str) -> dict[str, Any]:
    return dict(client.get(f"/api/operations/{operation_id}", headers=headers).get_json())


def in_maintenance(app: Flask) -> list[str]:
    return [sn for (sn,) in rows(app, "SELECT sn FROM station_live WHERE maintenance ORDER BY sn")]


def test_all_that_match_go_into_maintenance_and_no_others(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work, stations: list[str]
) -> None:
    headers = staff_headers("operations")
    counted = client.get(f"{ACTIONS}/count?city=kathmandu&status=online", headers=headers).get_json()
    assert counted == {"count": 3}
    made = act(client, headers, city="kathmandu", status="online", count=3)
    address = f"/api/operations/{made}/items"
    first = client.get(f"{address}?limit=2&result=waiting", headers=headers).get_json()
    rest = client.get(f"{address}?limit=2&cursor={first['next_cursor']}", headers=headers).get_json()
    chosen = [(each["object_id"], each["result"]) for each in first["items"] + rest["items"]]
    assert chosen == [("K1", "waiting"), ("K2", "waiting"), ("K3", "waiting")], "before the job begins"
    assert client.get(f"{address}?result=done", headers=headers).get_json()["items"] == []
    work()
    assert in_maintenance(app) == ["K1", "K2", "K3"]
    found = operation(client, headers, made)
    assert (found["status"], found["progress"]) == ("succeeded", {"done": 3, "total": 3})
    assert found["result"] == {"changed": 3, "passed_over": []}
    items = client.get(address, headers=headers).get_json()["items"]
    assert [(each["object_id"], each["result"], bool(each["made_id"])) for each in items] == [
        ("K1", "done", True),
        ("K2", "done", True),
        ("K3", "done", False),
    ]
    logged = rows(app, "SELECT object_id, new ->> 'reason' FROM audit_log WHERE action = 'stations.maintenance'")
    assert sorted(tuple(row) for row in logged) == [("K1", "Storm."), ("K2", "Storm."), ("K3", "Storm.")]


def test_who_cannot_do_it_is_passed_over_and_named(
    client: FlaskClient, staff_headers: SignIn, work: Work, stations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powerbank.stations.commands.firmware.refuse_foreign_host", lambda *_: None)
    headers = staff_headers("operations")
    made = act(client, headers, action="update_firmware", parameters=FIRMWARE, sns=["K3", "K1", "none"])
    work("default")
    found = operation(client, headers, made)
    assert found["result"]["changed"] == 1
    refused = {each["id"]: each["code"] for each in found["result"]["passed_over"]}
    assert refused == {"K3": "command_unsupported", "none": "not_found"}
    passed = client.get(f"/api/operations/{made}/items?result=passed_over", headers=headers).get_json()["items"]
    assert len(passed) == 2


def test_it_may_run_twice_and_goes_on_where_it_broke_off(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work, stations: list[str]
) -> None:
    headers = staff_headers("operations")
    made = UUID(act(client, headers, action="reboot", sns=stations))
    with app.app_context(), transaction():
        assert actions.act_on_next_stations(made, now=utcnow(), most=2)  # and then the worker died
    change(app, "UPDATE stations SET city = 'Elsewhere'")
    work("default")
    assert operation(client, headers, str(made))["result"]["changed"] == 4
    assert rows(app, "SELECT count(*) FROM station_commands WHERE command = 'reboot'") == [(4,)]


def test_a_batch_takes_as_many_statements_however_many_stations_it_has(
    app: Flask, client: FlaskClient, staff_headers: SignIn, stations: list[str]
) -> None:
    headers = staff_headers("operations")
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    counts = []
    with app.app_context():
        for sns in (["K1"], ["K1", "K2", "P1"]):
            made = UUID(act(client, headers, action="maintenance_on", sns=sns))
            asked.clear()
            event.listen(db.engine, "before_cursor_execute", note)
            try:
                with transaction():
                    assert actions.act_on_next_stations(made, now=utcnow())
            finally:
                event.remove(db.engine, "before_cursor_execute", note)
            counts.append(len(asked))
    assert counts[0] == counts[1] > 0


def test_one_that_goes_slowly_reaches_so_many_a_minute_and_is_stopped(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work, stations: list[str]
) -> None:
    headers = staff_headers("operations")
    made = act(client, headers, action="reboot", sns=stations, per_minute=1)
    work("default")
    assert operation(client, headers, made)["progress"] == {"done": 1, "total": 4}
    assert client.post(f"/api/operations/{made}/stop", headers=headers).get_json()["error"]["code"] == "stopped"
    change(app, "UPDATE outbox_jobs SET run_after = now() WHERE job = 'act_on_stations'")
    work("default")
    assert rows(app, "SELECT count(*) FROM station_commands WHERE command = 'reboot'") == [(1,)]
    assert client.post(f"/api/operations/{made}/stop", headers=staff_headers("superadmin")).status_code == 404


def test_one_whose_commands_fail_ends_by_itself(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work, stations: list[str]
) -> None:
    headers = staff_headers("operations")
    made = act(client, headers, action="reboot", sns=stations, per_minute=2, most_failures=2)
    with app.app_context(), transaction():
        actions.act_within_minute(UUID(made), now=utcnow())
        db.session.execute(text("UPDATE station_commands SET status = 'failed', finished_at = now()"))
    with app.app_context(), transaction():
        actions.act_within_minute(UUID(made), now=utcnow())
    found = operation(client, headers, made)
    assert (found["error"]["code"], found["progress"]["done"]) == ("too_many_failures", 2)


def test_nobody_acts_on_stations_that_he_has_not_seen(
    app: Flask, client: FlaskClient, staff_headers: SignIn, stations: list[str]
) -> None:
    body = {"action": "reboot", "reason": "x", "count": 3}
    refused = client.post(ACTIONS, json=body, headers=staff_headers("operations"))
    assert (refused.status_code, refused.get_json()["code"]) == (409, "more_match_now")
    assert rows(app, "SELECT count(*) FROM operations") == [(0,)]


@pytest.mark.parametrize(
    "body",
    [
        {"action": "reboot", "reason": "x"},
        {"action": "reboot", "reason": " ", "sns": ["K1"]},
        {"action": "eject_powerbank", "reason": "x", "sns": ["K1"]},
        {"action": "reboot", "reason": "x", "sns": []},
        {"action": "reboot", "reason": "x", "sns": ["K1"], "parameters": {"url": "x"}},
        {"action": "update_firmware", "reason": "x", "sns": ["K1"], "parameters": FIRMWARE | {"sha256": "x"}},
        {"action": "reboot", "reason": "x", "sns": ["K1"], "most_failures": 2},
    ],
)
def test_an_unclear_action_is_refused(client: FlaskClient, staff_headers: SignIn, body: dict[str, Any]) -> None:
    assert client.post(ACTIONS, json=body, headers=staff_headers("operations")).status_code == 422


def test_who_has_it_done_is_asked_for_firmware_of_hosts_that_were_named(
    client: FlaskClient, staff_headers: SignIn, stations: list[str]
) -> None:
    body = {"action": "update_firmware", "reason": "x", "sns": stations, "parameters": FIRMWARE}
    refused = client.post(ACTIONS, json=body, headers=staff_headers("operations"))
    assert refused.status_code == 422
    assert client.post(ACTIONS, json=body, headers=staff_headers("viewer")).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=thamel&city=pokhara", ["P1"]),
        ("protocol=volinks-v1", ["K3"]),
        ("status=offline", []),
        ("lacks=banks", ["K2", "K3", "P1"]),
        ("lacks=slots", []),
        ("active=false", []),
    ],
)
def test_the_list_is_filtered(
    client: FlaskClient, staff_headers: SignIn, stations: list[str], query: str, found: list[str]
) -> None:
    headers = staff_headers("viewer")
    listed = client.get(f"/api/admin/stations?{query}", headers=headers).get_json()["items"]
    assert [each["sn"] for each in listed] == found
    assert client.get(f"{ACTIONS}/count?{query}", headers=headers).get_json()["count"] == len(found)


def test_the_list_by_status_is_paged(
    client: FlaskClient, staff_headers: SignIn, stations: list[str], app: Flask
) -> None:
    headers = staff_headers("viewer")
    with app.app_context(), transaction():
        registry.set_maintenance("K1", enable=True)
        registry.set_maintenance("P1", enable=True)
    page = client.get("/api/admin/stations?status=maintenance&limit=1", headers=headers).get_json()
    assert [each["sn"] for each in page["items"]] == ["K1"]
    rest = client.get(
        f"/api/admin/stations?status=maintenance&limit=1&cursor={page['next_cursor']}", headers=headers
    ).get_json()
    assert [each["sn"] for each in rest["items"]] == ["P1"]
