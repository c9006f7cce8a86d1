"""An event becomes a person's notice by a line of data, once however often it comes."""

import ast
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

import powerbank
from jobs import catalogue
from jobs.catalogue import SUBSCRIPTIONS
from jobs.catalogue_of_notices import tell_user
from jobs.policy import Reaction
from powerbank.db import transaction
from powerbank.notifications.kinds import Type
from powerbank.queue import publish
from tests.people import People, Person, rows
from tests.stations.conftest import Make, make_station  # noqa: F401

Work = Callable[..., None]


def bodies(client: FlaskClient, person: Person) -> list[str]:
    return [item["body"] for item in client.get("/api/notifications", headers=person.headers).get_json()["items"]]


def happened(app: Flask, event: str, **fields: object) -> None:
    with app.app_context(), transaction():
        publish(event, **fields)


def test_what_the_catalogue_says_of_people_is_a_kind() -> None:
    named = [
        follower.arguments["notice"]
        for followers in SUBSCRIPTIONS.values()
        for follower in followers
        if isinstance(follower, Reaction) and follower.job.name == "notify_user"
    ]
    assert named
    assert {*named} <= {kind.value for kind in Type}


def test_an_event_replayed_ten_times_is_one_notice(
    app: Flask, client: FlaskClient, people: People, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    sita = people.join("sita")
    reaction = tell_user("due_paid", once_per="due_id", final=True)
    monkeypatch.setitem(catalogue.SUBSCRIPTIONS, "payment_ready", (reaction,))
    for _ in range(10):
        happened(app, "payment_ready", user_id=str(sita.id), due_id="1", amount=12_500, final=True)
    happened(app, "payment_ready", user_id=str(sita.id), due_id="2", amount=7_00, final=True)
    happened(app, "payment_ready", user_id=str(sita.id), due_id="3", amount=7_00, final=False)
    work()
    assert bodies(client, sita) == [
        "NPR 7.00 of what was open on your account is paid.",
        "NPR 125.00 of what was open on your account is paid.",
    ]
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE job = 'notify_user'") == [(11,)]


def test_who_reports_an_issue_is_thanked_and_told_when_it_is_settled(
    app: Flask,
    client: FlaskClient,
    people: People,
    work: Work,
    make_station: Make,  # noqa: F811
    staff_headers: Callable[..., dict[str, str]],
) -> None:
    make_station("A")
    sita, gita = people.join("sita"), people.join("gita")
    for person in (sita, gita, gita):
        client.post("/api/stations/A/report-issue", json={"issue_type": "dirty"}, headers=person.headers)
    work()
    (name,) = rows(app, "SELECT name FROM stations")[0]
    thanks = f"We are looking into what you reported about {name}."
    assert (bodies(client, sita), bodies(client, gita)) == ([thanks], [thanks, thanks])
    (issue,) = rows(app, "SELECT id FROM station_issues")
    address = f"/api/admin/station-issues/{issue.id}/resolve"
    assert client.post(address, json={"resolution": "cleaned"}, headers=staff_headers()).status_code == 200
    work()
    mended = f"{name} is in order again. Thank you for telling us."
    assert (bodies(client, sita)[0], bodies(client, gita)[0]) == (mended, mended)
    assert rows(app, "SELECT count(*) FROM notices WHERE type = 'station_issue_resolved'") == [(2,)]


def test_an_event_about_what_is_gone_tells_nobody(app: Flask, people: People, work: Work) -> None:
    sita = people.join("sita")
    happened(app, "station_issue_reported", user_id=str(sita.id), station_sn="GONE", report_id=str(uuid4()),
             issue_id="1", issue_type="dirty", priority="normal", first=True)  # fmt: skip
    work()
    assert rows(app, "SELECT count(*) FROM notices") == [(0,)]


# These carry an amount too, and their domain tells of it in words of its own.
TOLD_BY_THEIR_DOMAIN = {
    "topup_succeeded": Type.TOPUP_SUCCESS,
    "topup_charged_back": Type.TOPUP_CHARGED_BACK,
}


def changes_of_what_somebody_has() -> set[str]:
    """Events of an amount or of points that are not for staff only, as the source publishes them."""
    found: set[str] = set()
    for path in (Path(powerbank.__file__).parent).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "publish":
                assert isinstance(node.args[0], ast.Constant)
                if {"amount", "points"} & {each.arg for each in node.keywords}:
                    found.add(node.args[0].value)
    return {event for event in found if told_to(event) != {"notify_staff"}}


def told_to(event: str) -> set[str]:
    jobs = {each.job.name if isinstance(each, Reaction) else each.name for each in SUBSCRIPTIONS[event]}
    return jobs & {"notify_user", "notify_staff"}


def test_whose_money_or_points_change_is_told() -> None:
    changes = changes_of_what_somebody_has()
    assert len(changes) > 12
    assert changes >= TOLD_BY_THEIR_DOMAIN.keys()
    assert {event for event in changes if "notify_user" not in told_to(event)} == TOLD_BY_THEIR_DOMAIN.keys()
