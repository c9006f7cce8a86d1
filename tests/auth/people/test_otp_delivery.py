"""A code reaches its asker, once if it can be helped, and is nowhere else."""

import logging
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.auth.people import otp
from powerbank.base.db import db, transaction
from scripts.sandbox.messages import Channel
from scripts.sandbox.server import Sandbox

PHONE, MAIL = "+9779812345678", "sita@example.com"
Work = Callable[..., None]


@pytest.fixture(autouse=True)
def _calm(sandbox: Sandbox) -> Iterator[None]:
    sandbox.messages.clear()  # whoever was here before may have been sent something too
    yield
    sandbox.faults.clear()
    sandbox.messages.clear()


def ask(client: FlaskClient, identifier: str) -> str:
    challenge_id: str = client.post("/api/auth/get-otp", json={"identifier": identifier}).get_json()["challenge_id"]
    return challenge_id


def code_of(app: Flask, challenge_id: str) -> str:
    with app.app_context():
        return otp.derive_code(UUID(challenge_id))


def bodies(sandbox: Sandbox, channel: str) -> list[str]:
    return [message.body for message in sandbox.messages.newest_first(channel=Channel(channel))]


def job(app: Flask) -> tuple[str, str | None, int]:
    with app.app_context():
        row = db.session.execute(text("SELECT state, cause, failures FROM outbox_jobs WHERE job = 'send_otp'")).one()
        return row.state, row.cause, row.failures


@pytest.mark.parametrize(("identifier", "channel"), [(PHONE, "sms"), (MAIL, "email")])
def test_the_code_arrives(
    app: Flask, client: FlaskClient, work: Work, sandbox: Sandbox, identifier: str, channel: str
) -> None:
    challenge_id = ask(client, identifier)
    work()
    (body,) = bodies(sandbox, channel)
    assert code_of(app, challenge_id) in body
    assert job(app)[0] == "done"


@pytest.mark.parametrize(
    ("identifier", "vendor", "fault"),
    [
        (PHONE, "sparrow", "error"),
        (PHONE, "sparrow", "unavailable"),
        (PHONE, "sparrow", "html"),
        (PHONE, "sparrow", "drop"),
        (MAIL, "smtp", "temporary"),
    ],
)
def test_a_failed_delivery_is_tried_again_with_the_same_code(
    app: Flask, client: FlaskClient, work: Work, sandbox: Sandbox, identifier: str, vendor: str, fault: str
) -> None:
    sandbox.faults.set(vendor, fault, times=1)
    challenge_id = ask(client, identifier)
    work()
    assert job(app) == ("open", None, 1)
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET run_after = now()"))
        from powerbank.outbox import relay

    with app.app_context():
        relay.send_all_open_jobs()
    work()
    channel = "sms" if identifier == PHONE else "email"
    assert [code_of(app, challenge_id) in body for body in bodies(sandbox, channel)] == [True]


@pytest.mark.parametrize(
    ("identifier", "vendor", "fault"), [(PHONE, "sparrow", "token_refused"), (MAIL, "smtp", "permanent")]
)
def test_a_refused_delivery_is_not_repeated(
    app: Flask, client: FlaskClient, work: Work, sandbox: Sandbox, identifier: str, vendor: str, fault: str
) -> None:
    sandbox.faults.set(vendor, fault)
    ask(client, identifier)
    work()
    assert job(app)[:2] == ("dead", "refused")


def test_a_code_that_was_replaced_is_not_sent(app: Flask, client: FlaskClient, work: Work, sandbox: Sandbox) -> None:
    ask(client, PHONE)
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE otp_challenges SET ended_at = now()"))
    work()
    assert bodies(sandbox, "sms") == []


def test_logs_hold_neither_code_nor_number(
    app: Flask, client: FlaskClient, work: Work, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sandbox.faults.set("sparrow", "drop", times=1)
    challenge_id = ask(client, PHONE)
    work()
    assert PHONE not in caplog.text
    assert PHONE.removeprefix("+977") not in caplog.text
    assert code_of(app, challenge_id) not in caplog.text


def test_a_phones_browser_can_fill_the_code_in(
    app: Flask, client: FlaskClient, work: Work, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure = app.config["SETTINGS"].model_copy(update={"public_url": "https://app.example.com"})
    monkeypatch.setitem(app.config, "SETTINGS", secure)
    challenge_id = ask(client, PHONE)
    work()
    (body,) = bodies(sandbox, "sms")
    assert body.splitlines()[-1] == f"@app.example.com #{code_of(app, challenge_id)}"
