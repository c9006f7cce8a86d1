"""New conversations find the member who takes their kind, and venues are written to, by rule and by hand."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction, utcnow
from powerbank.outbox.enqueue import publish
from powerbank.stations.events import StationOffline
from tests.partners.conftest import agree, finance, venue  # noqa: F401
from tests.people import Headers, People, change, rows
from tests.stations.conftest import Make
from tests.support.conftest import Begin
from tests.support.test_sides import Join, Visitor, host, join  # noqa: F401

MEMBERS = "/api/admin/support/members"
EVERY = ["rental", "topup", "station", "other", "partner", "crew"]


@pytest.fixture
def helper(staff_headers: Callable[..., Headers]) -> Headers:
    return staff_headers("support")


@pytest.fixture
def team(client: FlaskClient, helper: Headers, staff_headers: Callable[..., Headers]) -> dict[str, str]:
    """Give the ids of two members who may answer, by role."""
    staff_headers("operations")
    found = client.get(MEMBERS, headers=helper).get_json()["items"]
    return {each["email"].partition("@")[0]: each["staff_id"] for each in found}


@pytest.fixture
def takes(client: FlaskClient, helper: Headers, team: dict[str, str]) -> Callable[..., Any]:
    def write(role: str, *, topics: list[str] = EVERY, languages: tuple[str, ...] = ("en", "ne"), **more: Any) -> Any:
        body = {"topics": topics, "languages": [*languages]} | more
        return client.put(f"{MEMBERS}/{team[role]}", json=body, headers=helper)

    return write


def begin_in(client: FlaskClient, people: People, name: str, language: str) -> None:
    headers = people.join(name).headers | {"Accept-Language": language}
    assert client.post("/api/support/conversations", json={"text": "Hello"}, headers=headers).status_code == 201


def assigned(app: Flask) -> list[str | None]:
    found = rows(app, "SELECT assignee_id FROM conversations ORDER BY id")
    return [str(row[0]) if row[0] else None for row in found]


def test_a_new_conversation_goes_to_who_takes_its_topic_and_language(
    app: Flask, client: FlaskClient, people: People, team: dict[str, str], takes: Callable[..., Any]
) -> None:
    takes("support", topics=["other"], languages=("ne",))
    takes("operations", topics=["other", "rental"], languages=("en",))
    for name, language in (("sita", "ne"), ("gita", "en")):
        begin_in(client, people, name, language)
    assert assigned(app) == [team["support"], team["operations"]]


def test_what_nobody_takes_waits_for_everybody(
    app: Flask, client: FlaskClient, people: People, takes: Callable[..., Any]
) -> None:
    takes("support", topics=["rental"])
    takes("operations", away=True)
    begin_in(client, people, "sita", "en")
    assert assigned(app) == [None]


def test_who_has_least_to_do_is_next(
    app: Flask, client: FlaskClient, people: People, team: dict[str, str], takes: Callable[..., Any]
) -> None:
    for role in team:
        takes(role)
    for name in ("sita", "gita", "rita", "mita"):
        begin_in(client, people, name, "en")
    found = assigned(app)
    assert {*found[:2]} == {*found[2:]} == {*team.values()}
    change(
        app,
        f"UPDATE conversations SET status = 'waiting', answer_due_at = NULL WHERE assignee_id = '{team['support']}'",
    )
    begin_in(client, people, "nita", "en")
    assert assigned(app)[-1] == team["support"]


def test_who_may_answer_no_more_is_given_none(
    app: Flask, client: FlaskClient, people: People, team: dict[str, str], takes: Callable[..., Any]
) -> None:
    takes("operations")
    change(app, f"UPDATE staff SET role = 'viewer' WHERE id = '{team['operations']}'")
    begin_in(client, people, "sita", "en")
    assert assigned(app) == [None]


def test_only_what_there_is_can_be_taken(
    client: FlaskClient,
    takes: Callable[..., Any],
    team: dict[str, str],
    helper: Headers,
    staff_headers: Callable[..., Headers],
) -> None:
    assert takes("support", topics=["weather"]).status_code == 422
    assert takes("support", languages=("fr",)).status_code == 422
    body: dict[str, list[str]] = {"topics": [], "languages": []}
    nobody = f"{MEMBERS}/{UUID(int=1)}"
    assert client.put(nobody, json=body, headers=helper).status_code == 404
    address = f"{MEMBERS}/{team['support']}"
    assert client.put(address, json=body, headers=staff_headers("finance")).status_code == 403


def test_the_queue_of_a_topic(client: FlaskClient, begin: Begin, make_station: Make) -> None:
    make_station("A")
    begin("sita")
    about_station = begin("gita", kind="station", id="A")
    found = client.get("/api/admin/support/conversations?topic=station", headers=about_station.staff).get_json()
    assert [(each["id"], each["topic"]) for each in found["items"]] == [(about_station.id, "station")]
    for other in ("partner", "crew", "rental"):
        found = client.get(f"/api/admin/support/conversations?topic={other}", headers=about_station.staff)
        assert found.get_json()["items"] == []


@pytest.fixture
def bakery(
    make_station: Make,
    venue: Callable[..., str],  # noqa: F811
    agree: Callable[..., Any],  # noqa: F811
    host: Callable[..., Visitor],  # noqa: F811
) -> tuple[str, Visitor]:
    for sn in "AB":
        make_station(sn)
    partner_id = venue()
    agree(partner_id, "A")
    return partner_id, host("hari", partner_id)


def test_an_alert_writes_to_the_venue_if_a_rule_says_so(
    app: Flask,
    context: Flask,
    client: FlaskClient,
    bakery: tuple[str, Visitor],
    staff_headers: Callable[..., Headers],
    work: Callable[..., object],
) -> None:
    def go_offline(sn: str = "A") -> list[tuple[str, ...]]:
        [(station_id,)] = rows(app, f"SELECT id FROM stations WHERE sn = '{sn}'")
        with transaction():
            publish(StationOffline(station_id=station_id, station_sn=sn, last_seen=utcnow()))
        work("default")
        return rows(app, "SELECT text FROM support_messages ORDER BY id")

    assert go_offline() == [], "there is no rule yet"
    rule = {"cause": "offline", "text_en": "{{ station.name }} has no power.", "text_ne": "बिजुली छैन।"}
    headers = staff_headers("support")
    bad = rule | {"text_en": "{{ person.username }} rents here"}
    assert client.post("/api/admin/support/alert-rules", json=bad, headers=headers).status_code == 422
    assert client.post("/api/admin/support/alert-rules", json=rule, headers=headers).status_code == 201
    assert go_offline("B") == [], "it stands at no venue"
    assert go_offline() == [("Thamel has no power.",)]
    assert go_offline() == [("Thamel has no power.",)], "who was told a while ago is not told again"
    _, hari = bakery
    [found] = client.get("/api/support/conversations?side=partner", headers=hari.headers).get_json()["items"]
    assert (found["status"], found["unread"], found["about"]) == ("waiting", 1, {"kind": "station", "id": "A"})


def test_staff_write_to_a_venue_first(
    client: FlaskClient,
    bakery: tuple[str, Visitor],
    venue: Callable[..., str],  # noqa: F811
    helper: Headers,
) -> None:
    partner_id, hari = bakery

    def write(**body: Any) -> Any:
        given = {"partner_id": partner_id, "text": "Is there power?", "client_id": "1"} | body
        return client.post("/api/admin/support/conversations", json=given, headers=helper)

    first, again = write(station="A"), write(station="A")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json()["id"] == again.get_json()["id"]
    [found] = client.get("/api/support/conversations?side=partner", headers=hari.headers).get_json()["items"]
    assert (found["status"], found["unread"]) == ("waiting", 1)
    assert write(station="B").status_code == 404
    nobody = write(partner_id=venue("Cinema"))
    assert (nobody.status_code, nobody.get_json()["code"]) == (409, "nobody_to_write_to")
