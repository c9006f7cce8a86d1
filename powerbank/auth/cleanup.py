"""Codes and tokens that can no longer mean anything are forgotten."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from powerbank.auth.people_models import OtpChallenge, RefreshToken, Session
from powerbank.db import open_session

KEEP_CODES = timedelta(days=7)
KEEP_SESSIONS = timedelta(days=90)


def prune(*, now: datetime) -> None:
    session = open_session()
    session.execute(delete(OtpChallenge).where(OtpChallenge.created_at < now - KEEP_CODES))
    # Spent ones stay until they expire: one that comes again tells of a theft.
    session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now))
    session.execute(delete(Session).where(Session.ended_at < now - KEEP_SESSIONS))
