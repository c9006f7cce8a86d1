"""People choose what they hear of, except codes, payments and security."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.notifications.people.notice_types import ALWAYS, RULES, Group, NoticeType
from powerbank.notifications.people.services import notify
from tests.people import Inbox, People, Person, rows

Work = Callable[..., None]
PATH = "/api/users/me/notification-preferences"
TOKEN = "device-token-0001"


@pytest.fixture
def sita(client: FlaskClient, people: People) -> Person:
    sita = people.join("sita", "+9779812345678")
    body = {"fcm_token": TOKEN, "platform": "android"}
    assert client.post("/api/users/me/devices", json=body, headers=sita.headers).status_code == 201
    return sita


def put(client: FlaskClient, person: Person, *groups: dict) -> int:
    return client.put(PATH, json={"groups": groups}, headers=person.headers).status_code


def shown(client: FlaskClient, person: Person) -> dict[str, dict]:
    return {each["group"]: each for each in client.get(PATH, headers=person.headers).get_json()["groups"]}


def tell(app: Flask, person: Person, kind: NoticeType, **context: object) -> None:
    with app.app_context(), transaction():
        notify(user_id=person.id, type=kind, context=context)


def test_everything_is_on_at_first_and_every_type_has_a_group(client: FlaskClient, sita: Person) -> None:
    answer = client.get(PATH, headers=sita.headers).get_json()
    assert answer["quiet_hours"] == "22:00-07:00"
    groups = {each["group"]: each for each in answer["groups"]}
    assert groups.keys() == {group.value for group in Group}
    listed = [kind for each in groups.values() for kind in each["types"]]
    assert sorted([*listed, "otp", "digest"]) == sorted(kind.value for kind in NoticeType)
    assert all(each["in_app"] and each["push"] and each["sms"] and each["email"] for each in groups.values())
    assert {name for name, each in groups.items() if each["locked"]} == {"security", "payments"}


def test_only_the_named_places_are_switched(client: FlaskClient, sita: Person) -> None:
    assert (
        put(client, sita, {"group": "rentals", "push": False, "email": False}, {"group": "wallet", "sms": False}) == 200
    )
    assert put(client, sita, {"group": "rentals", "email": True}) == 200
    groups = shown(client, sita)
    assert [groups["rentals"][place] for place in ("in_app", "push", "sms", "email")] == [True, False, True, True]
    assert [groups["wallet"][place] for place in ("in_app", "push", "sms", "email")] == [True, True, False, True]
    assert groups["rewards"]["push"]


@pytest.mark.parametrize(
    "body",
    [
        {"group": "security", "sms": False},
        {"group": "payments", "push": True, "in_app": False},
        {"group": "else"},
        {"group": "rentals", "fax": False},
        {"group": "rentals", "push": None},
        {"push": False},
    ],
)
def test_locked_groups_cannot_be_switched_off(client: FlaskClient, sita: Person, body: dict) -> None:
    assert put(client, sita, {"group": "rentals", "sms": False}, body) == 422
    assert all(each["sms"] for each in shown(client, sita).values())


def test_place_that_is_off_is_not_used(app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person) -> None:
    put(client, sita, {"group": "rentals", "push": False}, {"group": "stations", "in_app": False})
    tell(app, sita, NoticeType.RENTAL_OVERDUE, due_at="2026-11-21T12:20:00Z", rate=500)
    tell(app, sita, NoticeType.STATION_ISSUE_RESOLVED, station="Thamel 3")
    work()
    listed = client.get("/api/notifications", headers=sita.headers).get_json()["items"]
    assert [item["type"] for item in listed] == ["rental_overdue"]
    assert len(inbox.of("sms")) == 1
    assert [push.title for push in inbox.of("push")] == ["What you reported is mended"]
    assert client.get("/api/notifications/unread-count", headers=sita.headers).get_json() == {"unread": 1}


def test_codes_payments_and_security_cannot_be_silenced(
    app: Flask, client: FlaskClient, people: People, work: Work, inbox: Inbox, sita: Person
) -> None:
    """Neither the route nor rows that stand there all the same."""
    with app.app_context(), transaction() as session:
        from powerbank.notifications.models import Mute

        for group in Group:
            for place in ("in_app", "push", "sms", "email"):
                session.add(Mute(user_id=sita.id, group=group.value, place=place))
    tell(app, sita, NoticeType.TOPUP_SUCCESS, amount=10_000, balance=20_000)
    tell(app, sita, NoticeType.ACCOUNT_STATUS, status="suspended", reason="x")
    tell(app, sita, NoticeType.RENTAL_STARTED, station="x", slot_number=1, due_at="2026-11-21T12:20:00Z")
    _, code = people.ask_code(client, "+9779812345678")
    work()
    listed = client.get("/api/notifications", headers=sita.headers).get_json()["items"]
    assert {item["type"] for item in listed} == {"topup_success", "account_status"}
    assert any(code in body for body in inbox.bodies("sms"))
    assert {push.title for push in inbox.of("push")} == {"Top-up received", "The status of your account has changed"}
    assert all(
        RULES[kind].group in ALWAYS for kind in (NoticeType.OTP, NoticeType.ACCOUNT_SECURITY, NoticeType.DUE_REMINDER)
    )


def test_deleted_account_keeps_no_preferences(app: Flask, client: FlaskClient, sita: Person) -> None:
    put(client, sita, {"group": "rentals", "push": False})
    assert client.delete("/api/users/me", headers=sita.headers).status_code in (200, 204)
    assert rows(app, "SELECT count(*) FROM notification_mutes") == [(0,)]
