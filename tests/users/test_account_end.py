"""An account ends: the person is forgotten, and can come back as somebody new."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.base.errors import ConflictError
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from powerbank.users import lifecycle, queries
from tests.people import Inbox, People, Person, rows

PHONE = "+9779812345678"
SECRETS = (
    PHONE,
    PHONE.removeprefix("+977"),
    "Sitara",
    "Raibhandari",
    "1999-01-02",
    "Lazimpat",
    "Kathmandu",
    "sita77",
    "device-token-0001",
    "Test phone",
)
Work = Callable[..., None]


def leave(client: FlaskClient, person: Person):
    return client.delete("/api/users/me", headers=person.headers)


@pytest.fixture
def sita(client: FlaskClient, app: Flask, people: People) -> Person:
    sita = people.join("sita77", PHONE)
    profile = {
        "first_name": "Sitara",
        "last_name": "Raibhandari",
        "date_of_birth": "1999-01-02",
        "address": "Lazimpat",
        "city": "Kathmandu",
    }
    assert client.patch("/api/users/me", json=profile, headers=sita.headers).status_code == 200
    body = {"fcm_token": "device-token-0001", "platform": "ios"}
    client.post("/api/users/me/devices", json=body, headers=sita.headers)
    with app.app_context(), transaction() as session:
        from sqlalchemy import text

        session.execute(text("UPDATE sessions SET user_agent = 'Test phone'"))
        notify(user_id=sita.id, type=NoticeType.RENTAL_LOST, context={"amount": "1", "name": "Sitara"})
    return sita


def test_nothing_of_the_person_is_kept(
    app: Flask, client: FlaskClient, people: People, work: Work, inbox: Inbox, sita: Person
) -> None:
    people.ask_code(client, PHONE)
    work()
    assert leave(client, sita).status_code == 204
    for (table,) in rows(app, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        kept = " ".join(row[0] for row in rows(app, f'SELECT t::text FROM "{table}" t'))
        assert [secret for secret in SECRETS if secret in kept] == [], table
    (user,) = rows(app, "SELECT * FROM users")
    assert (user.status, user.deleted_at is not None) == ("deleted", True)
    assert user.username.startswith("deleted:")


def test_nobody_hinders_an_end_by_taking_the_name_that_follows(
    client: FlaskClient, people: People, sita: Person
) -> None:
    """An account that has ended has a name that nobody else can choose."""
    thief = people.join("thief")
    for name in (f"deleted:{sita.id.hex[-20:]}", f"deleted-{sita.id.hex[-20:]}"):
        client.patch("/api/users/me", json={"username": name}, headers=thief.headers)
    assert leave(client, sita).status_code == 204


def test_every_sign_in_has_ended(client: FlaskClient, people: People, sita: Person) -> None:
    tablet = people.sign_in(sita)
    assert leave(client, sita).status_code == 204
    for person in (sita, tablet):
        assert client.get("/api/users/me", headers=person.headers).status_code == 401
        body = {"refresh_token": person.refresh_token}
        assert client.post("/api/auth/refresh", json=body).status_code == 401
    assert leave(client, sita).status_code == 401


def test_the_number_and_the_name_are_free_at_once(client: FlaskClient, people: People, sita: Person) -> None:
    leave(client, sita)
    again = people.join("sita77", PHONE)
    assert again.id != sita.id
    assert client.get("/api/notifications", headers=again.headers).get_json()["items"] == []


@pytest.fixture
def open_rental(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(user_id: UUID) -> None:
        raise ConflictError("open_rental_exists", "Bring the power bank back first.")

    monkeypatch.setattr(lifecycle, "_end_checks", [refuse])


def test_an_account_with_obstacles_stays_and_the_obstacle_is_named(
    app: Flask, client: FlaskClient, sita: Person, open_rental: None
) -> None:
    refused = leave(client, sita)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "open_rental_exists")
    assert client.get("/api/users/me", headers=sita.headers).get_json()["first_name"] == "Sitara"
    assert rows(app, "SELECT count(*) FROM devices WHERE ended_at IS NULL") == [(1,)]


def test_usage_is_zero_until_somebody_counts_it(
    client: FlaskClient, sita: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_usage_totals", {})
    mine = client.get("/api/users/me/usage", headers=sita.headers).get_json()
    assert mine == {"rentals": 0, "minutes": 0, "spend": "0.00", "currency": "NPR", "points": 0}
    queries.register_usage_totals({queries.UsageTotal.SPEND: lambda user_id: 12_345 if user_id == sita.id else 0})
    assert client.get("/api/users/me/usage", headers=sita.headers).get_json()["spend"] == "123.45"
