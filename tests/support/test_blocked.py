"""Whoever is blocked still writes about money that is theirs, having proved who they are, and does nothing else."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction, utcnow
from powerbank.support import services, sweeps
from tests.api.test_auth import forge
from tests.house.walk import notes, routes
from tests.people import Headers, People, Person, change, rows
from tests.pictures import samples

PHONE = "+9779812345678"
Work = Callable[..., object]


def prove(client: FlaskClient, people: People) -> Any:
    """Type the right code of the phone number, as the app does at a sign-in."""
    challenge_id, code = people.ask_code(client, PHONE)
    return client.post("/api/auth/verify-otp", json={"challenge_id": challenge_id, "code": code})


def ban(app: Flask, status: str = "banned") -> None:
    change(app, "UPDATE users SET status = :status", status=status)


@pytest.fixture
def sita(people: People) -> Person:
    return people.join("sita", PHONE)


@pytest.fixture
def blocked(app: Flask, client: FlaskClient, people: People, sita: Person) -> Headers:
    """The headers of somebody whose account is blocked, and who has proved that it is theirs."""
    ban(app)
    return {"Authorization": f"Bearer {prove(client, people).get_json(force=True)['support_token']}"}


def begin(client: FlaskClient, headers: Headers, text: str = "My balance, please", **more: Any) -> Any:
    return client.post("/api/support/conversations", json={"text": text, **more}, headers=headers)


def test_the_refusal_of_a_sign_in_is_the_same_and_lets_write(
    app: Flask, client: FlaskClient, people: People, sita: Person
) -> None:
    ban(app)
    refused = prove(client, people)
    body = refused.get_json(force=True)
    assert (refused.status_code, body["code"]) == (403, "account_blocked")
    assert not {"access_token", "refresh_token", "user", "device_token"} & body.keys()
    assert begin(client, {"Authorization": f"Bearer {body['support_token']}"}).status_code == 201
    assert rows(app, "SELECT count(*) FROM sessions") == [(1,)]  # the one from before


@pytest.mark.parametrize("status", ["active", "suspended"])
def test_others_sign_in_and_get_no_such_token(
    app: Flask, client: FlaskClient, people: People, sita: Person, status: str
) -> None:
    ban(app, status)
    answer = prove(client, people)
    assert answer.status_code == 200
    assert "support_token" not in answer.get_json()


def test_a_wrong_code_gives_none(app: Flask, client: FlaskClient, people: People, sita: Person) -> None:
    ban(app)
    challenge_id, code = people.ask_code(client, PHONE)
    wrong = {"challenge_id": challenge_id, "code": f"{(int(code) + 1) % 1_000_000:06d}"}
    assert "support_token" not in client.post("/api/auth/verify-otp", json=wrong).get_json(force=True)


def test_the_token_opens_support_and_nothing_else(app: Flask, client: FlaskClient, blocked: Headers) -> None:
    """Every route, by its address: a new one is closed to the blocked, or names them in its guard."""
    opened = []
    for route in routes(app, "/"):
        noted = notes(app, route.rule, route.method)
        if route.permission is None and not noted.get("sign_in_optional"):
            continue  # nobody is known there
        status = client.open(route.address(), method=route.method, headers=blocked, json={}).status_code
        assert (status != 401) == bool(noted.get("also_blocked")), (str(route), status)
        if status != 401:
            opened.append(route.rule.rule)
    assert len(opened) > 10
    assert all(rule.startswith("/api/support/") for rule in opened)


def test_a_conversation_is_had_as_anybody_has_it(
    app: Flask, client: FlaskClient, blocked: Headers, staff_headers: Callable[..., Headers]
) -> None:
    picture = base64.b64encode(samples.jpeg()).decode()
    made = begin(client, blocked, photo=picture)
    talk = f"/api/support/conversations/{made.get_json()['id']}"
    answer = client.post(
        f"/api/admin{talk.removeprefix('/api')}/reply", json={"text": "It goes back"}, headers=staff_headers("support")
    )
    assert answer.status_code == 201
    told = client.get(f"{talk}/messages", headers=blocked).get_json()["items"]
    assert [(each["from"], each["text"]) for each in told] == [
        ("person", "My balance, please"),
        ("staff", "It goes back"),
    ]
    assert client.get(talk, headers=blocked).get_json()["unread"] == 1
    assert client.post(f"{talk}/read", json={"up_to": told[-1]["id"]}, headers=blocked).get_json()["unread"] == 0
    again = {"client_id": "one", "text": "Thank you"}
    for status in (201, 200):
        assert client.post(f"{talk}/messages", json=again, headers=blocked).status_code == status
    assert client.post(f"{talk}/solved", headers=blocked).get_json()["status"] == "solved"


def test_it_is_about_money_that_is_theirs(app: Flask, client: FlaskClient, blocked: Headers, sita: Person) -> None:
    nobody = "0192f0c1-0000-7000-8000-000000000000"
    for about, status in (
        ({"kind": "station", "id": "ANY"}, 403),
        ({"kind": "rental", "id": nobody}, 404),
        ({"kind": "topup", "id": nobody}, 404),
        ({"kind": "other"}, 201),
    ):
        assert begin(client, blocked, about=about).status_code == status, about
    for side in ("crew", "partner"):
        refused = begin(client, blocked, side=side)
        assert (refused.status_code, refused.get_json(force=True)["code"]) == (403, "account_blocked")


def test_another_persons_conversation_is_not_found(
    client: FlaskClient, people: People, app: Flask, sita: Person
) -> None:
    hari = people.join("hari")
    theirs = begin(client, hari.headers).get_json()["id"]
    change(app, "UPDATE users SET status = 'banned' WHERE id = :id", id=sita.id)
    headers = {"Authorization": f"Bearer {prove(client, people).get_json(force=True)['support_token']}"}
    assert client.get(f"/api/support/conversations/{theirs}", headers=headers).status_code == 404


@pytest.mark.parametrize("status", ["active", "suspended"])
def test_the_token_is_void_once_the_account_is_blocked_no_more(
    app: Flask, client: FlaskClient, blocked: Headers, status: str
) -> None:
    assert client.get("/api/support/conversations", headers=blocked).status_code == 200
    ban(app, status)
    assert client.get("/api/support/conversations", headers=blocked).status_code == 401


def test_the_token_is_void_after_an_hour_and_in_other_hands(app: Flask, client: FlaskClient, blocked: Headers) -> None:
    for claims in ({"exp": utcnow() - timedelta(minutes=2)}, {"aud": "powerbank-app"}, {"sub": "no-id"}):
        forged = {"Authorization": f"Bearer {forge(app, blocked, **claims)}"}
        assert client.get("/api/support/conversations", headers=forged).status_code == 401, claims


def test_a_token_of_a_sign_in_is_none_of_the_blocked(app: Flask, client: FlaskClient, sita: Person) -> None:
    forged = {"Authorization": f"Bearer {forge(app, sita.headers, aud='powerbank-support')}"}
    assert client.get("/api/support/conversations", headers=forged).status_code == 401
    ban(app)
    assert client.get("/api/support/conversations", headers=sita.headers).status_code == 401


def test_who_is_blocked_writes_less(client: FlaskClient, blocked: Headers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BEGINNINGS_OF_BLOCKED", "2 per day")
    assert [begin(client, blocked).status_code for _ in range(3)] == [201, 201, 429]
    monkeypatch.setattr(services, "MESSAGES_OF_BLOCKED", "1 per hour")
    talk = client.get("/api/support/conversations", headers=blocked).get_json()["items"][0]["id"]
    address = f"/api/support/conversations/{talk}/messages"
    sent = [client.post(address, json={"client_id": str(n), "text": "x"}, headers=blocked) for n in range(2)]
    assert [each.status_code for each in sent] == [201, 429]


def test_an_answer_is_told_by_sms_once(
    app: Flask, client: FlaskClient, blocked: Headers, staff_headers: Callable[..., Headers]
) -> None:
    talk = begin(client, blocked).get_json()["id"]
    staff, address = staff_headers("support"), f"/api/admin/support/conversations/{talk}/reply"
    for text in ("We look at it", "It goes back"):
        assert client.post(address, json={"text": text}, headers=staff).status_code == 201
    waiting = "SELECT arguments ->> 'message_id', arguments ->> 'channel' FROM outbox_jobs"
    for message, channel in rows(app, f"{waiting} WHERE job = 'tell_support_answer' ORDER BY id"):
        with app.app_context(), transaction():
            sweeps.tell_of_answer(UUID(talk), UUID(message), channel=channel)
    assert rows(app, "SELECT type FROM notices WHERE type LIKE 'support%'") == [("support_answered_blocked",)]
