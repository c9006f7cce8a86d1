"""How codes, tokens and sign-ins are forgotten: of a person who leaves at once, of all others when they are old."""

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, exists, or_, select, update

from powerbank.auth.people import requesters
from powerbank.auth.people.models import OtpChallenge, RefreshToken, Session
from powerbank.auth.people.sessions import end_sessions_of_user
from powerbank.auth.staff.models import StaffAddress, StaffRefreshToken, StaffSession
from powerbank.base.db import open_session
from powerbank.notifications.delivery import devices
from powerbank.users import identifier_traces
from powerbank.users.models import User

KEEP_CODES = timedelta(days=7)
KEEP_SESSIONS = timedelta(days=90)
KEEP_TRIES = timedelta(days=1)  # at addresses where nobody was let in


def forget_sign_ins_of_user(user: User) -> None:
    """Forget how a person who leaves has signed in."""
    session = open_session()
    end_sessions_of_user(user.id, "deleted")
    requesters.forget_ip_addresses_of_user(user)
    session.execute(update(Session).where(Session.user_id == user.id).values(user_agent=None))
    contacts = [each.value for each in user.identifiers]
    session.execute(
        delete(OtpChallenge).where(or_(OtpChallenge.user_id == user.id, OtpChallenge.identifier.in_(contacts)))
    )


def prune_sign_ins(*, now: datetime) -> None:
    session = open_session()
    session.execute(delete(OtpChallenge).where(OtpChallenge.created_at < now - KEEP_CODES))
    _end_expired_sessions(now)
    session.execute(delete(Session).where(Session.ended_at < now - KEEP_SESSIONS))
    session.execute(delete(StaffRefreshToken).where(StaffRefreshToken.expires_at < now))
    identifier_traces.prune_traces(now=now)
    requesters.prune_ip_addresses(now=now)
    session.execute(delete(StaffSession).where(StaffSession.last_used_at < now - KEEP_SESSIONS))
    never_let_in = and_(StaffAddress.signed_in_at.is_(None), StaffAddress.tried_at < now - KEEP_TRIES)
    session.execute(delete(StaffAddress).where(or_(never_let_in, StaffAddress.tried_at < now - KEEP_SESSIONS)))


def _end_expired_sessions(now: datetime) -> None:
    """End the sign-ins that have no valid refresh token left, and their pushes with them."""
    session = open_session()
    # Spent tokens stay until they expire: one that comes again tells of a theft.
    deleted = (
        delete(RefreshToken).where(RefreshToken.expires_at < now).returning(RefreshToken.session_id).cte("expired")
    )
    # Both halves of the statement see the tokens as they were before it.
    renewable = exists().where(RefreshToken.session_id == Session.id, RefreshToken.expires_at >= now)
    ended = session.scalars(
        update(Session)
        .where(Session.id.in_(select(deleted.c.session_id)), Session.ended_at.is_(None), ~renewable)
        .values(ended_at=now, end_cause="expired")
        .returning(Session.id)
        .execution_options(synchronize_session=False)
    )
    devices.end_devices_of_sessions(ended.all(), now=now)
