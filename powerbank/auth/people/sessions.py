"""Sign-ins of people: short access tokens, refresh tokens that are used once.

An answer may be lost on its way to a phone. The phone then asks again with the token that it has, and gets the same
successor, once and soon. A spent token that comes in any other way was stolen, or its thief was faster: the whole
sign-in ends.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from flask_jwt_extended import create_access_token
from sqlalchemy import select, text, update

from powerbank.api.auth import USER_AUDIENCE, UnauthenticatedError, validity_claims
from powerbank.auth.people.models import RefreshToken, Session
from powerbank.auth.staff.models import StaffRefreshToken
from powerbank.base.db import open_session, read_alone, utcnow
from powerbank.notifications.delivery import devices
from powerbank.users import services as users
from powerbank.users.models import User

ACCESS = timedelta(minutes=15)
REFRESH = timedelta(days=30)
REPEATABLE = timedelta(seconds=30)

AnyToken = RefreshToken | StaffRefreshToken

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
    return _issue(session, secrets.token_urlsafe(32))


def refresh(token: str) -> Tokens | None:
    """New tokens for a token that is spent by this. None when it was stolen: the caller commits the end of all."""
    row, now = _row_of(token, lock=True), utcnow()
    if row is None or row.expires_at <= now:
        raise UnauthenticatedError
    session = open_session().get_one(Session, row.session_id, with_for_update=True)
    if session.ended_at is not None:
        raise UnauthenticatedError
    follows = successor_of(token)
    if row.spent_at is not None and not may_repeat(row, _row_of(follows), now):
        _end(session, "reuse")
        return None
    user = open_session().get_one(User, session.user_id)
    if not users.may_sign_in(user):
        raise UnauthenticatedError
    if row.spent_at is not None:
        row.repeated_at = now
        return Tokens(_access_token(session), follows)
    row.spent_at = now
    return _issue(session, follows)


def end(token: str) -> None:
    """Signs out on this device. A token that we do not know is signed out already."""
    row = _row_of(token)
    if row is not None:
        _end(open_session().get_one(Session, row.session_id, with_for_update=True), "logout")


def end_all(token: str) -> None:
    row = _row_of(token)
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


def _issue(session: Session, token: str) -> Tokens:
    open_session().add(RefreshToken(session_id=session.id, digest=digest_of(token), expires_at=utcnow() + REFRESH))
    return Tokens(_access_token(session), token)


def _access_token(session: Session) -> str:
    claims = {"aud": USER_AUDIENCE, "sid": str(session.id), **validity_claims(ACCESS)}
    token: str = create_access_token(str(session.user_id), expires_delta=ACCESS, additional_claims=claims)
    return token


def _row_of(token: str, *, lock: bool = False) -> RefreshToken | None:
    query = select(RefreshToken).where(RefreshToken.digest == digest_of(token))
    found: RefreshToken | None = open_session().scalar(query.with_for_update() if lock else query)
    return found


def _end(session: Session, cause: str) -> None:
    if session.ended_at is None:
        session.ended_at, session.end_cause = utcnow(), cause
        devices.end_with_sessions([session.id], now=utcnow())


def successor_of(token: str) -> str:
    """The refresh token that comes after this one. It follows from it under our key, so that it can be told once more
    although nothing but its digest is kept."""
    key = current_app.config["JWT_SECRET_KEY"].encode()
    made = hmac.digest(key, b"the refresh token after " + token.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def may_repeat(spent: AnyToken, successor: AnyToken | None, now: datetime) -> bool:
    """Whether a spent token may come once more: soon, and while nobody has used its successor."""
    if spent.spent_at is None or spent.repeated_at is not None or successor is None:
        return False
    return successor.spent_at is None and now - spent.spent_at <= REPEATABLE


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
