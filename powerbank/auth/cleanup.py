"""Codes and tokens that can no longer mean anything are forgotten."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update

from powerbank.auth.models import StaffRefreshToken, StaffSession
from powerbank.auth.people_models import OtpChallenge, RefreshToken, Session
from powerbank.auth.sessions import end_all_of
from powerbank.db import open_session
from powerbank.users.models import User

KEEP_CODES = timedelta(days=7)
KEEP_SESSIONS = timedelta(days=90)


def forget(user: User) -> None:
    """What is kept of how somebody who leaves signed in."""
    session = open_session()
    end_all_of(user.id, "deleted")
    session.execute(update(Session).where(Session.user_id == user.id).values(user_agent=None))
    addresses = [each.value for each in user.identifiers]
    session.execute(
        delete(OtpChallenge).where(or_(OtpChallenge.user_id == user.id, OtpChallenge.identifier.in_(addresses)))
    )


def prune(*, now: datetime) -> None:
    session = open_session()
    session.execute(delete(OtpChallenge).where(OtpChallenge.created_at < now - KEEP_CODES))
    # Spent ones stay until they expire: one that comes again tells of a theft.
    session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now))
    session.execute(delete(Session).where(Session.ended_at < now - KEEP_SESSIONS))
    session.execute(delete(StaffRefreshToken).where(StaffRefreshToken.expires_at < now))
    session.execute(delete(StaffSession).where(StaffSession.last_used_at < now - KEEP_SESSIONS))
