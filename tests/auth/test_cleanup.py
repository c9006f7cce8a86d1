"""Old codes and tokens are forgotten; those that still mean something stay."""

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.auth import cleanup
from powerbank.auth.people import otp, sessions
from powerbank.base.db import db, transaction, utcnow
from powerbank.users import identifiers, services
from tests.people import People, change, rows


def count(table: str) -> int:
    db.session.rollback()
    return db.session.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0


def test_what_is_old_goes_and_what_counts_stays(context: Flask) -> None:
    address = identifiers.parse_contact_address("9812345678")
    with transaction():
        otp.create_challenge(contact=address, purpose="login")
        user = services.create_user(
            contact=address, username="sita", first_name=None, last_name=None, referral_code=None
        )
        sessions.begin_session(user, user_agent=None)
    with transaction():
        cleanup.prune_sign_ins(now=utcnow())
    assert (count("otp_challenges"), count("refresh_tokens"), count("sessions")) == (1, 1, 1)
    with transaction():
        cleanup.prune_sign_ins(now=utcnow() + timedelta(days=31))
    assert (count("otp_challenges"), count("refresh_tokens"), count("sessions")) == (0, 0, 1)
    with transaction():
        cleanup.prune_sign_ins(now=utcnow() + timedelta(days=130))
    assert count("sessions") == 0


def test_a_sign_in_that_can_no_longer_be_renewed_is_over_with_its_pushes(
    app: Flask, client: FlaskClient, people: People
) -> None:
    left, used = people.join("left"), people.join("used")
    for person in (left, used):
        device = {"fcm_token": f"device-token-of-{person.id}", "platform": "ios"}
        assert client.post("/api/users/me/devices", json=device, headers=person.headers).status_code == 201
    change(app, "UPDATE refresh_tokens SET expires_at = now() - interval '1 hour'")
    change(
        app,
        "UPDATE refresh_tokens SET expires_at = now() + interval '1 day', spent_at = now() WHERE session_id = "
        "(SELECT id FROM sessions WHERE user_id = :id)",
        id=used.id,
    )
    with app.app_context(), transaction():
        cleanup.prune_sign_ins(now=utcnow())
    assert rows(app, "SELECT user_id, end_cause FROM sessions WHERE ended_at IS NOT NULL") == [(left.id, "expired")]
    assert rows(app, "SELECT user_id FROM devices WHERE ended_at IS NOT NULL") == [(left.id,)]
    assert client.get("/api/users/me", headers=left.headers).status_code == 401
    assert client.get("/api/users/me", headers=used.headers).status_code == 200
