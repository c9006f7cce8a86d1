"""Old codes and tokens are forgotten; those that still mean something stay."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import text

from powerbank.auth import cleanup, otp, sessions
from powerbank.db import db, transaction, utcnow
from powerbank.users import identifiers, services


def count(table: str) -> int:
    db.session.rollback()
    return db.session.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0


def test_what_is_old_goes_and_what_counts_stays(context: Flask) -> None:
    address = identifiers.parse("9812345678")
    with transaction():
        otp.ask(address=address, purpose="login")
        user = services.create(address=address, username="sita", first_name=None, last_name=None, referral_code=None)
        sessions.begin(user, user_agent=None)
    with transaction():
        cleanup.prune(now=utcnow())
    assert (count("otp_challenges"), count("refresh_tokens"), count("sessions")) == (1, 1, 1)
    with transaction():
        cleanup.prune(now=utcnow() + timedelta(days=31))
    assert (count("otp_challenges"), count("refresh_tokens"), count("sessions")) == (0, 0, 1)
    with transaction():
        sessions.end_all_of(user.id, "logout-all")
    with transaction():
        cleanup.prune(now=utcnow() + timedelta(days=91))
    assert count("sessions") == 0
