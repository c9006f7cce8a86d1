"""Sign-ins of people: short access tokens, and refresh tokens that are used once."""

import secrets
from uuid import UUID

from flask_jwt_extended import create_access_token
from sqlalchemy import select, text, update

from powerbank.api.auth import USER_AUDIENCE, UnauthenticatedError, validity_claims
from powerbank.auth.people.models import RefreshToken, Session
from powerbank.auth.tokens import (
    ACCESS_LIFETIME,
    REFRESH_LIFETIME,
    Tokens,
    derive_successor,
    digest_token,
    may_repeat,
)
from powerbank.base.db import open_session, read_alone, utcnow
from powerbank.live import changes
from powerbank.notifications.delivery import devices
from powerbank.users import services as users
from powerbank.users.models import User

# Asked before every request of a person.
_LIVE_SESSION = text("""
    SELECT u.status FROM users u JOIN sessions s ON s.user_id = u.id
     WHERE u.id = CAST(:user_id AS uuid) AND s.id = CAST(:session_id AS uuid) AND s.ended_at IS NULL
""")


def begin_session(user: User, *, user_agent: str | None) -> Tokens:
    session = Session(user_id=user.id, user_agent=(user_agent or "")[:300])
    open_session().add(session)
    open_session().flush()
    return _issue_tokens(session, secrets.token_urlsafe(32))


def refresh_session(token: str) -> Tokens | None:
    """Issue new tokens for a token that is spent by this.

    None when the token was stolen: the whole sign-in ends, and the caller commits that.
    """
    row, now = _find_refresh_token(token, lock=True), utcnow()
    if row is None or row.expires_at <= now:
        raise UnauthenticatedError
    session = open_session().get_one(Session, row.session_id, with_for_update=True)
    if session.ended_at is not None:
        raise UnauthenticatedError
    successor = derive_successor(token)
    if row.spent_at is not None and not may_repeat(row, _find_refresh_token(successor), now):
        end_one(session, "reuse")
        return None
    user = open_session().get_one(User, session.user_id)
    if not users.may_sign_in(user):
        raise UnauthenticatedError
    if row.spent_at is not None:
        row.repeated_at = now
        return Tokens(_make_access_token(session), successor)
    row.spent_at = now
    return _issue_tokens(session, successor)


def end_session(token: str) -> None:
    """Sign out on the device of this refresh token. A token that we do not know is signed out already."""
    row = _find_refresh_token(token)
    if row is not None:
        end_one(open_session().get_one(Session, row.session_id, with_for_update=True), "logout")


def end_all_sessions(token: str) -> None:
    """Sign the person of this refresh token out on every device."""
    row = _find_refresh_token(token)
    session = open_session().get(Session, row.session_id) if row is not None else None
    if session is None or session.ended_at is not None:
        raise UnauthenticatedError
    end_sessions_of_user(session.user_id, "logout-all")


def end_sessions_of_user(user_id: UUID, cause: str) -> None:
    open_session().execute(
        update(Session)
        .where(Session.user_id == user_id, Session.ended_at.is_(None))
        .values(ended_at=utcnow(), end_cause=cause)
    )
    devices.end_devices_of_user(user_id, now=utcnow())
    changes.announce_sign_ins(f"user:{user_id}")


def find_signed_in_user(user_id: str, session_id: str) -> UUID | None:
    """Find whose access token this is, while the sign-in lasts and the account may be used."""
    try:
        claimed = {"user_id": str(UUID(user_id)), "session_id": str(UUID(session_id))}
    except ValueError:
        return None
    found = read_alone(_LIVE_SESSION, claimed)
    return UUID(user_id) if found and users.status_allows_sign_in(found[0][0]) else None


def _issue_tokens(session: Session, token: str) -> Tokens:
    open_session().add(
        RefreshToken(session_id=session.id, digest=digest_token(token), expires_at=utcnow() + REFRESH_LIFETIME)
    )
    return Tokens(_make_access_token(session), token)


def _make_access_token(session: Session) -> str:
    claims = {"aud": USER_AUDIENCE, "sid": str(session.id), **validity_claims(ACCESS_LIFETIME)}
    token: str = create_access_token(str(session.user_id), expires_delta=ACCESS_LIFETIME, additional_claims=claims)
    return token


def _find_refresh_token(token: str, *, lock: bool = False) -> RefreshToken | None:
    query = select(RefreshToken).where(RefreshToken.digest == digest_token(token))
    found: RefreshToken | None = open_session().scalar(query.with_for_update() if lock else query)
    return found


def end_one(session: Session, cause: str) -> None:
    """End a locked sign-in, and with it the pushes and the streams of its device."""
    if session.ended_at is None:
        session.ended_at, session.end_cause = utcnow(), cause
        devices.end_devices_of_sessions([session.id], now=utcnow())
        changes.announce_sign_ins(f"user:{session.user_id}")
