"""A person is told once, in the app and on the channels of the type, and each outcome is written down."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from powerbank.base.db import transaction
from powerbank.notifications.people import dispatch
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from tests.people import Inbox, People, Person, change, rows

Work = Callable[..., None]
PHONE, MAIL = "+9779812345678", "sita@example.com"
TOKEN = "device-token-0001"
LOST = {"amount": "3000.00"}


def tell(app: Flask, person: Person, kind: NoticeType = NoticeType.RENTAL_LOST, **more: object) -> None:
    with app.app_context(), transaction():
        notify(user_id=person.id, type=kind, context=more.pop("context", LOST), **more)


def items(client: FlaskClient, person: Person, query: str = "") -> list[dict[str, object]]:
    return client.get(f"/api/notifications{query}", headers=person.headers).get_json()["items"]


def deliveries(app: Flask) -> list[tuple[str, str, str | None, int]]:
    found = rows(app, "SELECT channel, status, reason, attempts FROM deliveries ORDER BY channel, id")
    return [tuple(each) for each in found]


def register(client: FlaskClient, person: Person, token: str = TOKEN) -> str:
    answer = client.post(
        "/api/users/me/devices", json={"fcm_token": token, "platform": "android"}, headers=person.headers
    )
    return str(answer.get_json()["id"])


@pytest.fixture
def sita(app: Flask, people: People) -> Person:
    """Make a person whom SMS, e-mail and push reach."""
    sita = people.join("sita", PHONE)
    change(
        app,
        "INSERT INTO user_identifiers (id, user_id, kind, value) VALUES (:id, :user, 'email', :mail)",
        id=uuid4(),
        user=sita.id,
        mail=MAIL,
    )
    return sita


def test_notice_goes_out_on_every_channel_of_its_type(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person
) -> None:
    register(client, sita)
    tell(app, sita)
    work()
    (item,) = items(client, sita)
    assert item["title"] == "Your power bank counts as lost"
    assert "NPR 3,000.00" in str(item["body"])
    assert (item["data"], item["read"], item["read_at"]) == ({"amount": "3000.00"}, False, None)
    for channel, to in (("sms", PHONE), ("email", MAIL), ("push", "device-token-0001")):
        assert ["NPR 3,000.00" in body for body in inbox.bodies(channel, to)] == [True], channel
    assert deliveries(app) == [("email", "sent", None, 1), ("push", "sent", None, 1), ("sms", "sent", None, 1)]
    masked = {row[0] for row in rows(app, "SELECT masked FROM deliveries")}
    assert masked == {None, "+977••••••5678", "s•••@example.com"}


def test_type_for_the_app_only_goes_nowhere_else(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person
) -> None:
    tell(app, sita, NoticeType.KYC_SUBMITTED, context={})
    work()
    assert len(items(client, sita)) == 1
    assert deliveries(app) == []


def test_notice_is_in_the_language_of_its_reader(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, people: People
) -> None:
    gita = people.join("gita", PHONE, language="ne")
    tell(app, gita)
    work()
    assert "रु ३,०००.००" in str(items(client, gita)[0]["body"])
    assert "रु ३,०००.००" in inbox.bodies("sms")[0]


def test_repeated_dedup_key_is_one_notice(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person
) -> None:
    for _ in range(10):
        tell(app, sita, dedup_key="lost:42")
        work()
    assert len(items(client, sita)) == len(inbox.bodies("sms")) == 1
    tell(app, sita, dedup_key="lost:43")
    work()
    assert len(items(client, sita)) == 2


def test_deleted_notice_does_not_come_back(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person
) -> None:
    tell(app, sita, dedup_key="lost:42")
    work()
    notice_id = items(client, sita)[0]["id"]
    assert client.delete(f"/api/notifications/{notice_id}", headers=sita.headers).status_code == 204
    tell(app, sita, dedup_key="lost:42")
    work()
    assert items(client, sita) == []


def test_rollback_takes_the_notice_back(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person
) -> None:
    def told_and_failed() -> None:
        with transaction():
            notify(user_id=sita.id, type=NoticeType.RENTAL_LOST, context=LOST)
            raise ZeroDivisionError

    with app.app_context(), pytest.raises(ZeroDivisionError):
        told_and_failed()
    work()
    assert items(client, sita) == []
    assert inbox.bodies("sms") == []


def test_unknown_person_is_told_nothing(app: Flask, people: People, work: Work, inbox: Inbox) -> None:
    """An account that never was, one that ends before the notice is written, and one that ends after."""
    with app.app_context(), transaction():
        assert notify(user_id=uuid4(), type=NoticeType.RENTAL_LOST, context=LOST) is None
    gone = people.join("gone")
    tell(app, gone)
    change(app, "UPDATE users SET status = 'deleted', deleted_at = now()")
    tell(app, gone)
    work()
    assert rows(app, "SELECT count(*) FROM notices")[0][0] == 0
    assert rows(app, "SELECT DISTINCT state FROM outbox_jobs") == [("done",)]
    assert inbox.bodies("sms") == []


def test_context_with_objects_is_refused(app: Flask, sita: Person) -> None:
    with pytest.raises(TypeError):
        tell(app, sita, context={"amount": ["3000.00"]})


def test_email_has_two_parts_and_no_injected_header(app: Flask, work: Work, inbox: Inbox, sita: Person) -> None:
    change(app, "DELETE FROM user_identifiers WHERE kind = 'phone'")
    reason = "<script>x</script>\r\nBcc: x@example.com"
    tell(app, sita, NoticeType.KYC_REJECTED, context={"reason": reason})
    work()
    (mail,) = inbox.of("email")
    headers = mail.details["headers"]
    assert headers["Auto-Submitted"] == "auto-generated"
    assert {"Date", "Message-ID"} <= headers.keys()
    assert "Bcc" not in headers
    assert mail.html is not None
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html


def test_line_break_in_a_subject_begins_no_header(inbox: Inbox) -> None:
    from powerbank.integrations.smtp import client as smtp

    smtp.send(
        url=f"smtp://127.0.0.1:{inbox.sandbox.smtp_port}",
        sender="Powerbank <noreply@example.org>",
        to=MAIL,
        subject="Hello\r\nBcc: x@example.com\n\nBody",
        text="text",
        reference="42",
    )
    (mail,) = inbox.of("email")
    assert mail.title == "Hello Bcc: x@example.com Body"
    assert "Bcc" not in mail.details["headers"]
    assert mail.details["headers"]["Message-ID"] == "<42@example.org>"


@pytest.mark.parametrize(
    ("vendor", "fault", "channel", "state", "status"),
    [
        ("sparrow", "token_refused", "sms", "dead", "failed"),
        ("sparrow", "error", "sms", "open", "queued"),
        ("smtp", "permanent", "email", "dead", "failed"),
        ("smtp", "temporary", "email", "open", "queued"),
    ],
)
def test_transient_errors_are_retried_and_permanent_ones_are_not(
    app: Flask, work: Work, inbox: Inbox, sita: Person, vendor: str, fault: str, channel: str, state: str, status: str
) -> None:
    inbox.sandbox.faults.set(vendor, fault)
    tell(app, sita)
    work()
    found = rows(app, "SELECT state FROM outbox_jobs WHERE job = :job", job=f"send_{channel}")
    assert found == [(state,)]
    (delivery,) = rows(app, "SELECT status, reason, attempts FROM deliveries WHERE channel = :of", of=channel)
    assert (delivery.status, delivery.attempts) == (status, 1)
    assert delivery.reason
    assert PHONE.removeprefix("+977") not in delivery.reason


def test_delivery_fails_after_its_tries_and_expires_when_late(
    app: Flask, work: Work, inbox: Inbox, sita: Person
) -> None:
    with app.app_context(), transaction():
        notice_id = notify(user_id=sita.id, type=NoticeType.RENTAL_LOST, context=LOST)
        assert notice_id is not None
        dispatch.dispatch_notice(notice_id)
    change(app, "UPDATE outbox_jobs SET failures = 3 WHERE job = 'send_sms'")
    change(app, "UPDATE outbox_jobs SET expires_at = now() WHERE job = 'send_email'")
    inbox.sandbox.faults.set("sparrow", "error")
    work()
    found = {row.channel: (row.status, row.reason) for row in rows(app, "SELECT * FROM deliveries")}
    assert found == {"sms": ("failed", "SMS failed with 500"), "email": ("expired", "expired")}


def test_dead_letter_that_staff_requeue_is_sent(app: Flask, work: Work, inbox: Inbox, sita: Person) -> None:
    from powerbank.ops import services as ops

    inbox.sandbox.faults.set("sparrow", "token_refused", times=1)
    tell(app, sita)
    work()
    (dead,) = rows(app, "SELECT id FROM outbox_jobs WHERE job = 'send_sms' AND state = 'dead'")
    with app.app_context(), transaction():
        ops.requeue_dead_letter(dead.id)
    work()
    assert len(inbox.bodies("sms")) == 1
    assert rows(app, "SELECT status, reason, attempts FROM deliveries WHERE channel = 'sms'") == [("sent", None, 2)]


def test_delivery_on_a_channel_that_is_not_configured_fails_at_once(
    app: Flask, work: Work, inbox: Inbox, sita: Person, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(client, sita)
    bare = app.config["SETTINGS"].model_copy(update={"fcm_credentials": None, "web_push_key": SecretStr("")})
    monkeypatch.setitem(app.config, "SETTINGS", bare)
    tell(app, sita, NoticeType.RENTAL_STARTED)
    work()
    assert deliveries(app) == [("push", "failed", "not configured", 0)]
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE job = 'send_push'")[0][0] == 0
