"""The push channel: what FCM answers, when a device ends, and how long a push waits."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.fcm.client import FcmClient, Push
from powerbank.integrations.fcm.errors import DeadTokenError
from powerbank.notifications.delivery import channels
from powerbank.notifications.delivery.channels import Message
from powerbank.notifications.models import Channel
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from powerbank.notifications.texts import built_in
from tests.people import Inbox, People, Person, change, rows

Work = Callable[..., None]
TOKEN = "device-token-0001"
PUSH = Push(token=TOKEN, title="Almost due", body="Bring it back", data={"rental_id": "1"}, urgent=True, ttl=3600)


@pytest.fixture
def fcm(app: Flask, inbox: Inbox) -> FcmClient:
    settings = app.config["SETTINGS"]
    return FcmClient(credentials=settings.fcm_credentials.get_secret_value(), url=settings.fcm_url)


@pytest.fixture
def sita(client: FlaskClient, people: People) -> Person:
    sita = people.join("sita")
    body = {"fcm_token": TOKEN, "platform": "android"}
    assert client.post("/api/users/me/devices", json=body, headers=sita.headers).status_code == 201
    return sita


def tell(app: Flask, person: Person) -> None:
    with app.app_context(), transaction():
        context = {"due_at": "2026-11-21T12:20:00Z", "rate": "5.00", "rental_id": "42", "from": "x", "count": 3}
        notify(user_id=person.id, type=NoticeType.RENTAL_OVERDUE, context=context)


def active(app: Flask) -> bool:
    return bool(rows(app, "SELECT 1 FROM devices WHERE ended_at IS NULL"))


def outcome(app: Flask) -> tuple[str, str, str | None]:
    (job,) = rows(app, "SELECT state FROM outbox_jobs WHERE job = 'send_push'")
    (delivery,) = rows(app, "SELECT status, reason FROM deliveries WHERE channel = 'push'")
    return job.state, delivery.status, delivery.reason


def test_push_has_strings_and_the_options_of_both_platforms(app: Flask, work: Work, inbox: Inbox, sita: Person) -> None:
    tell(app, sita)
    work()
    (push,) = inbox.of("push", TOKEN)
    assert push.title == "Your rental is overdue"
    data = push.details["data"]
    assert data.pop("notice_id")
    assert data == {
        "type": "rental_overdue",
        "rental_id": "42",
        "count": "3",
        "rate": "5.00",
        "due_at": "2026-11-21T12:20:00Z",
    }
    assert push.details["android"] == {
        "priority": "high",
        "ttl": "3600s",
        "collapse_key": "rental",
        "notification": {"channel_id": "urgent"},
    }
    headers = push.details["apns"]["headers"]
    assert (headers["apns-priority"], headers["apns-collapse-id"]) == ("10", "rental")
    assert rows(app, "SELECT reference FROM deliveries WHERE channel = 'push'")[0][0] == push.details["name"]


@pytest.mark.parametrize(
    ("kind", "lasts", "priorities"),
    [
        (NoticeType.RENTAL_ENDING_SOON, 900, ("high", "10")),
        (NoticeType.RENTAL_STARTED, 3600, ("high", "10")),
        (NoticeType.DUE_PAID, 86_400, ("normal", "5")),
    ],
)
def test_push_is_kept_for_an_offline_phone_while_it_is_useful(
    app: Flask, work: Work, inbox: Inbox, sita: Person, kind: NoticeType, lasts: int, priorities: tuple[str, str]
) -> None:
    with app.app_context(), transaction():
        notify(user_id=sita.id, type=kind, context=built_in.sample_values(kind))
    work()
    (push,) = inbox.of("push", TOKEN)
    headers = push.details["apns"]["headers"]
    assert push.details["android"]["ttl"] == f"{lasts}s"
    assert 0 <= int(headers["apns-expiration"]) - time.time() - lasts + 60 <= 60
    assert (push.details["android"]["priority"], headers["apns-priority"]) == priorities


def test_unregistered_token_ends_its_device(app: Flask, work: Work, inbox: Inbox, sita: Person) -> None:
    inbox.sandbox.faults.set("fcm", "unregistered")
    tell(app, sita)
    work()
    assert outcome(app) == ("done", "failed", "FCM 404 UNREGISTERED")
    assert rows(app, "SELECT end_cause FROM devices") == [("unregistered",)]


def test_malformed_token_ends_its_device(app: Flask, work: Work, inbox: Inbox, sita: Person) -> None:
    change(app, "UPDATE devices SET fcm_token = 'no token'")
    tell(app, sita)
    work()
    assert outcome(app) == ("done", "failed", "FCM 400 INVALID_ARGUMENT")
    assert not active(app)


@pytest.mark.parametrize(
    ("fault", "state", "status"),
    [
        ("quota", "open", "queued"),
        ("overloaded", "open", "queued"),
        ("retry_after_date", "open", "queued"),
        ("internal", "open", "queued"),
        ("unavailable", "open", "queued"),
        ("drop", "open", "queued"),
        ("html", "open", "queued"),
        ("third_party_auth", "dead", "failed"),
        ("sender_mismatch", "dead", "failed"),
    ],
)
def test_other_errors_end_no_device(
    app: Flask, work: Work, inbox: Inbox, sita: Person, fault: str, state: str, status: str
) -> None:
    inbox.sandbox.faults.set("fcm", fault)
    tell(app, sita)
    began = time.monotonic()
    work()
    assert time.monotonic() - began < 10
    assert outcome(app)[:2] == (state, status)
    assert active(app)
    assert len(inbox.of("push")) == 0


@pytest.mark.parametrize("place", ["/fcm/v2/projects", "/nowhere/v1/projects"])
def test_bare_404_is_our_mistake(
    app: Flask, work: Work, inbox: Inbox, sita: Person, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    elsewhere = app.config["SETTINGS"].model_copy(update={"fcm_url": inbox.sandbox.url + place})
    monkeypatch.setitem(app.config, "SETTINGS", elsewhere)
    monkeypatch.delitem(app.extensions, "fcm", raising=False)
    tell(app, sita)
    work()
    monkeypatch.delitem(app.extensions, "fcm")
    state, status, reason = outcome(app)
    assert (state, status) == ("dead", "failed")
    assert "404" in str(reason)
    assert active(app)


def test_foreign_project_is_our_mistake(inbox: Inbox, app: Flask, fcm: FcmClient) -> None:
    account = json.loads(Path(app.config["SETTINGS"].fcm_credentials.get_secret_value()).read_text())
    stranger = FcmClient(credentials=json.dumps({**account, "project_id": "other"}), url=app.config["SETTINGS"].fcm_url)
    with pytest.raises(VendorRefusedError) as refused:
        stranger.send(PUSH)
    assert not isinstance(refused.value, DeadTokenError)
    assert fcm.send(PUSH)


@pytest.mark.parametrize(
    ("seconds", "waits"), [(7, 7), (86400, 600), (0, 0)], ids=["as asked", "within bounds", "not at all"]
)
def test_retry_after_of_fcm_is_respected(inbox: Inbox, fcm: FcmClient, seconds: int, waits: int) -> None:
    inbox.sandbox.faults.set("fcm", "quota", times=1, seconds=seconds)
    began = time.monotonic()
    with pytest.raises(VendorError) as busy:
        fcm.send(PUSH)
    assert time.monotonic() - began < 6, "it asks for seven seconds"
    assert busy.value.retry_after == waits
    assert fcm.send(PUSH)


def test_retry_after_may_be_a_date(inbox: Inbox, fcm: FcmClient) -> None:
    inbox.sandbox.faults.set("fcm", "retry_after_date", times=1, seconds=30)
    with pytest.raises(VendorError) as busy:
        fcm.send(PUSH)
    assert busy.value.retry_after in range(27, 31)


def test_next_try_waits_as_long_as_fcm_asked(app: Flask, work: Work, inbox: Inbox, sita: Person) -> None:
    inbox.sandbox.faults.set("fcm", "quota", times=1, seconds=120)
    tell(app, sita)
    work()
    (row,) = rows(app, "SELECT run_after - now() AS wait FROM outbox_jobs WHERE job = 'send_push'")
    # The clock of the database may stand a little behind that of the worker.
    assert 110 < row.wait.total_seconds() < 125
    change(app, "UPDATE outbox_jobs SET run_after = now() WHERE job = 'send_push'")
    with app.app_context():
        from powerbank.outbox import relay

        relay.send_all_open_jobs()
    work()
    assert outcome(app) == ("done", "sent", None)


def test_failed_push_makes_one_request(inbox: Inbox, fcm: FcmClient) -> None:
    inbox.sandbox.faults.set("fcm", "overloaded", times=2, seconds=1)
    with pytest.raises(VendorError):
        fcm.send(PUSH)
    (left,) = inbox.sandbox.faults.all()
    assert left["times"] == 1


def test_expired_access_token_is_renewed_once(inbox: Inbox, fcm: FcmClient) -> None:
    assert fcm.send(PUSH)
    inbox.sandbox.faults.set("fcm", "token_expired", times=1)
    assert fcm.send(PUSH)
    inbox.sandbox.faults.set("fcm", "token_expired")
    with pytest.raises(VendorError):
        fcm.send(PUSH)


def test_refused_service_account_is_not_tried_again(inbox: Inbox, fcm: FcmClient) -> None:
    inbox.sandbox.faults.set("fcm", "token_refused")
    with pytest.raises(VendorRefusedError):
        fcm.send(PUSH)


@pytest.mark.parametrize("credentials", ["/nowhere.json", "{}", "{", '{"type": "service_account"}', "[]"])
def test_wrong_service_account_is_our_mistake(credentials: str) -> None:
    with pytest.raises(VendorRefusedError):
        FcmClient(credentials=credentials)


@pytest.mark.parametrize("letter", ["d", "द", "🎉", '"', "\n", "\x7f"])
def test_long_push_is_cut_to_fit(app: Flask, work: Work, inbox: Inbox, sita: Person, letter: str) -> None:
    with app.app_context(), transaction():
        notify(
            user_id=sita.id,
            type=NoticeType.BROADCAST,
            context={"title": f"x{letter * 500}x", "message": letter * 3000 + "x"},
        )
        few = {"title": "Dashain", "message": f"x{letter * 100}x"}
        notify(user_id=sita.id, type=NoticeType.BROADCAST, context=few)
    work()
    short, long = sorted(inbox.of("push"), key=lambda push: len(push.details["data"]), reverse=True)
    assert long.details["data"].keys() == {"notice_id", "type"}
    assert long.title.startswith("x")
    assert long.title.endswith("…")
    assert long.body.endswith("…")
    assert short.body == few["message"]
    assert short.details["data"]["message"] == few["message"]


def test_largest_push_is_accepted(inbox: Inbox, app: Flask, sita: Person) -> None:
    with app.app_context():
        channels.send_message(
            Message(Channel.PUSH, TOKEN, "द" * 5000, "द" * 5000, "1", data={"notice_id": "1", "reason": "द" * 480})
        )
    (push,) = inbox.of("push")
    assert push.details["data"]["reason"] == "द" * 480
    assert len(push.body) > 600


def test_push_does_not_reach_the_next_owner_of_a_device(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person, people: People
) -> None:
    tell(app, sita)
    work("default")
    gita = people.join("gita")
    body = {"fcm_token": TOKEN, "platform": "android"}
    client.post("/api/users/me/devices", json=body, headers=gita.headers)
    work()
    assert inbox.of("push") == []
    assert outcome(app) == ("done", "failed", "the device is gone")
