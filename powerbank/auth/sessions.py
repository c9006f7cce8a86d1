"""Sign-ins of people: short access tokens, refresh tokens that are used once.

A refresh token that comes a second time was stolen, or its thief was faster: the whole sign-in ends.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask_jwt_extended import create_access_token
from sqlalchemy import select, text, update

from powerbank.api.auth import USER_AUDIENCE, UnauthenticatedError
from powerbank.auth.people_models import RefreshToken, Session
from powerbank.db import open_session, read_alone, utcnow
from powerbank.notifications import devices
from powerbank.users import services as users
from powerbank.users.models import User

ACCESS = timedelta(minutes=15)
REFRESH = timedelta(days=30)

# Asked before every request of a person.
_LASTING = text("""
    SELECT u.status FROM users u JOIN sessions s ON s.user_id = u.id
     WHERE u.id = CAST(:user_id AS uuid) AND s.id = CAST(:session_id AS uuid) AND s.ended_at IS NULL
""")


@dataclass(frozen=True)
class Tokens:
    access_token: str
    refresh_token: str


def begin(user: User, *, user_agent: str | None) -> Tokens:
    session = Session(user_id=user.id, user_agent=(user_agent or "")[:300])
    open_session().add(session)
    open_session().flush()
    return _issue(session)


def refresh(token: str) -> Tokens | None:
    """New tokens for a spent one. None when the token was spent before: the caller commits the end of all."""
    row = open_session().scalar(select(RefreshToken).where(RefreshToken.digest == digest_of(token)).with_for_update())
    if row is None or row.expires_at <= utcnow():
        raise UnauthenticatedError
    session = open_session().get_one(Session, row.session_id, with_for_update=True)
    if session.ended_at is not None:
        raise UnauthenticatedError
    if row.spent_at is not None:
        _end(session, "reuse")
        return None
    user = open_session().get_one(User, session.user_id)
    if not users.may_sign_in(user):
        raise UnauthenticatedError
    row.spent_at = utcnow()
    return _issue(session)


def end(token: str) -> None:
    """Signs out on this device. A token that we do not know is signed out already."""
    row = open_session().scalar(select(RefreshToken).where(RefreshToken.digest == digest_of(token)))
    if row is not None:
        _end(open_session().get_one(Session, row.session_id, with_for_update=True), "logout")


def end_all(token: str) -> None:
    row = open_session().scalar(select(RefreshToken).where(RefreshToken.digest == digest_of(token)))
    session = open_session().get(Session, row.session_id) if row is not None else None
    if session is None or session.ended_at is not None:
        raise UnauthenticatedError
    end_all_of(session.user_id, "logout-all")


def end_all_of(user_id: UUID, cause: str) -> None:
    open_session().execute(
        update(Session)
        .where(Session.user_id == user_id, Session.ended_at.is_(None))
        .values(ended_at=utcnow(), end_cause=cause)
    )
    devices.end_all_of(user_id, now=utcnow())


def user_of(user_id: str, session_id: str) -> UUID | None:
    """Whose access token this is, while the sign-in lasts and the account may be used."""
    try:
        asked = {"user_id": str(UUID(user_id)), "session_id": str(UUID(session_id))}
    except ValueError:
        return None
    found = read_alone(_LASTING, asked)
    return UUID(user_id) if found and users.status_allows_sign_in(found[0][0]) else None


def _issue(session: Session) -> Tokens:
    token = new_refresh_token()
    open_session().add(RefreshToken(session_id=session.id, digest=digest_of(token), expires_at=utcnow() + REFRESH))
    access: str = create_access_token(
        str(session.user_id), expires_delta=ACCESS, additional_claims={"aud": USER_AUDIENCE, "sid": str(session.id)}
    )
    return Tokens(access, token)


def _end(session: Session, cause: str) -> None:
    if session.ended_at is None:
        session.ended_at, session.end_cause = utcnow(), cause
        devices.end_with_sessions([session.id], now=utcnow())


def new_refresh_token() -> str:
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
