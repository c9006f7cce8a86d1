"""People report issues of a station, and staff settle them."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.stations.commands import services as commands
from powerbank.stations.issues import services as issues
from tests.stations.conftest import Make, SignIn
from tests.stations.talker import Talker, query_rows

Staff = Callable[..., dict[str, str]]


def test_reports_of_one_kind_are_one_issue(
    app: Flask,
    client: FlaskClient,
    make_station: Make,
    sign_in: SignIn,
    staff_headers: Staff,
    work: Callable[..., None],
) -> None:
    make_station("A")
    for name in ("sita", "gita"):
        body = {"issue_type": "damaged", "description": "broken glass"}
        made = client.post("/api/stations/A/report-issue", json=body, headers=sign_in(name))
        assert made.status_code == 201
        assert (made.get_json()["priority"], made.get_json()["station_sn"]) == ("critical", "A")
        assert "reports" not in made.get_json()
    client.post("/api/stations/A/report-issue", json={"issue_type": "dirty"}, headers=sign_in("hari"))
    headers = staff_headers("operations")
    listed = client.get("/api/admin/station-issues", headers=headers).get_json()["items"]
    assert [(item["issue_type"], item["reports"]) for item in listed] == [("dirty", 1), ("damaged", 2)]
    only = client.get("/api/admin/station-issues?priority=critical", headers=headers).get_json()["items"]
    assert [item["issue_type"] for item in only] == ["damaged"]
    work("default")
    with app.app_context():
        assert db.session.scalar(text("SELECT count(processed_at) FROM station_issue_reports")) == 3
    address = f"/api/admin/station-issues/{only[0]['id']}/resolve"
    assert client.post(address, json={"resolution": "replaced"}, headers=headers).status_code == 200
    assert client.post(address, json={"resolution": "replaced"}, headers=headers).status_code == 409
    assert client.post(address, json={"resolution": "x"}, headers=staff_headers("viewer")).status_code == 403
    again = client.post("/api/stations/A/report-issue", json={"issue_type": "damaged"}, headers=sign_in("ravi"))
    assert again.get_json()["id"] != only[0]["id"]


@pytest.mark.parametrize(
    ("sn", "body", "status"),
    [
        ("A", {"issue_type": "x"}, 422),
        ("A", {}, 422),
        ("X", {"issue_type": "dirty"}, 404),
        ("A", {"issue_type": "dirty", "description": ""}, 422),
        ("A", {"issue_type": "dirty", "smell": "x"}, 422),
    ],
)
def test_a_report_that_says_nothing_is_refused(
    client: FlaskClient, make_station: Make, sign_in: SignIn, sn: str, body: dict[str, str], status: int
) -> None:
    make_station("A")
    assert client.post(f"/api/stations/{sn}/report-issue", json=body, headers=sign_in()).status_code == status


def test_a_person_may_report_only_a_few_issues(client: FlaskClient, make_station: Make, sign_in: SignIn) -> None:
    make_station("A")
    headers = sign_in()
    answers = [
        client.post("/api/stations/A/report-issue", json={"issue_type": "dirty"}, headers=headers).status_code
        for _ in range(11)
    ]
    assert answers == [201] * 10 + [429]
    assert client.post("/api/stations/A/report-issue", json={"issue_type": "dirty"}).status_code == 401


@pytest.mark.parametrize("answers", [True, False])
def test_a_station_reported_as_offline_is_asked_for_an_answer(
    context: Flask,
    client: FlaskClient,
    make_station: Make,
    sign_in: SignIn,
    staff_headers: Staff,
    work: Callable[..., None],
    answers: bool,
) -> None:
    talker = Talker(make_station("A", online=False))
    for name in ("sita", "gita"):
        client.post("/api/stations/A/report-issue", json={"issue_type": "offline"}, headers=sign_in(name))
    db.session.rollback()
    work("default")
    [check] = query_rows("SELECT arguments FROM outbox_jobs WHERE job = 'check_station_connectivity'")
    with transaction():
        issues.check_station_connectivity(UUID(check.arguments["issue_id"]), None, now=utcnow())
    [command] = query_rows("SELECT id, command FROM station_commands")
    assert command.command == "get_status", "asked once, however many said so"
    with transaction():
        assert commands.claim_command(command.id, now=utcnow()) is not None
    if answers:
        talker.now = utcnow()
        talker.snapshot({})
    with transaction():
        issues.check_station_connectivity(UUID(check.arguments["issue_id"]), command.id, now=utcnow())
    [issue] = client.get("/api/admin/station-issues", headers=staff_headers()).get_json()["items"]
    assert issue["reports"] == 2
    assert (issue["connectivity"]["online"], issue["connectivity"]["answered"]) == (answers, answers)
