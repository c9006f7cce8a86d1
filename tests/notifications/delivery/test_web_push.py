"""A browser registers for pushes, gets them in its language, and is forgotten once its push service says so."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from powerbank.base.db import transaction
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from tests.people import Inbox, People, Person, rows

PATH = "/api/users/me/devices"


def subscribe(inbox: Inbox, client: FlaskClient) -> dict[str, Any]:
    """Subscribe as a page does: with the network's key."""
    key = client.get("/api/app/web-push-key").get_json()["public_key"]
    asked = {"applicationServerKey": key}
    return dict(requests.post(f"{inbox.sandbox.url}/webpush/subscriptions", json=asked, timeout=5).json())


def register(client: FlaskClient, person: Person, subscription: dict[str, Any]) -> Any:
    return client.post(PATH, json={"platform": "web", "subscription": subscription}, headers=person.headers)


def tell(app: Flask, work: Callable[..., None], person: Person) -> None:
    with app.app_context(), transaction():
        notify(user_id=person.id, type=NoticeType.RENTAL_LOST, context={"amount": "3000.00"})
    work("default", "notifications")


def outcome(app: Flask) -> tuple[str, str | None]:
    found = rows(app, "SELECT status, reason FROM deliveries WHERE channel = 'push' ORDER BY id DESC LIMIT 1")
    return found[0].status, found[0].reason


def test_a_browser_gets_pushes(
    app: Flask, client: FlaskClient, people: People, inbox: Inbox, work: Callable[..., None]
) -> None:
    sita = people.join("sita")
    subscription = subscribe(inbox, client)
    made = register(client, sita, subscription)
    assert made.status_code == 201, made.text
    assert made.get_json()["platform"] == "web"
    assert subscription["endpoint"] not in made.text
    assert register(client, sita, subscription).status_code == 200
    client.patch("/api/users/me", json={"language": "ne"}, headers=sita.headers)
    tell(app, work, sita)
    assert outcome(app) == ("sent", None)
    (message,) = inbox.sandbox.messages.newest_first(to=subscription["endpoint"])
    content = message.details["content"]
    assert content["lang"] == "ne"
    assert content["data"]["type"] == "rental_lost"
    assert content["title"] == message.title != ""


def test_a_browser_that_is_gone_is_forgotten(
    app: Flask, client: FlaskClient, people: People, inbox: Inbox, work: Callable[..., None]
) -> None:
    sita = people.join("sita")
    register(client, sita, subscribe(inbox, client))
    inbox.sandbox.faults.set("webpush", "gone", times=1)
    tell(app, work, sita)
    assert outcome(app) == ("failed", "Web Push: 410")
    assert client.get(PATH, headers=sita.headers).get_json()["items"] == []
    ended = rows(app, "SELECT end_cause FROM devices")
    assert [each.end_cause for each in ended] == ["unregistered"]


def test_a_push_service_that_is_busy_is_asked_again(
    app: Flask, client: FlaskClient, people: People, inbox: Inbox, work: Callable[..., None]
) -> None:
    sita = people.join("sita")
    register(client, sita, subscribe(inbox, client))
    inbox.sandbox.faults.set("webpush", "overloaded", times=1)
    tell(app, work, sita)
    assert outcome(app) == ("queued", "Web Push: 503")


@pytest.mark.parametrize(
    "change",
    [
        {"platform": "android"},
        {"fcm_token": "device-token-0001"},
        {"subscription": {"endpoint": "https://evil.example/x", "keys": {"p256dh": "AAAA", "auth": "AAAA"}}},
        {"subscription": {"endpoint": "http://169.254.169.254/latest", "keys": {"p256dh": "AAAA", "auth": "AAAA"}}},
        {"subscription": {"endpoint": "https://fcm.googleapis.com/x"}},
        {"subscription": None},
    ],
)
def test_what_is_no_subscription_is_refused(
    client: FlaskClient, people: People, inbox: Inbox, change: dict[str, Any]
) -> None:
    sita = people.join("sita")
    body = {"platform": "web", "subscription": subscribe(inbox, client)} | change
    answer = client.post(PATH, json=body, headers=sita.headers)
    assert answer.status_code == 422, answer.text
    assert client.get(PATH, headers=sita.headers).get_json()["items"] == []


def test_without_a_key_there_are_no_pushes_to_browsers(
    app: Flask, client: FlaskClient, people: People, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sita, subscription = people.join("sita"), subscribe(inbox, client)
    without = app.config["SETTINGS"].model_copy(update={"web_push_key": SecretStr("")})
    monkeypatch.setitem(app.config, "SETTINGS", without)
    assert client.get("/api/app/web-push-key").status_code == 404
    assert register(client, sita, subscription).status_code == 422
