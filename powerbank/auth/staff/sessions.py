"""Sign-ins of staff. The row is the truth: when it has ended, its access tokens and its cookie are nobody's.

A session carries the generation that its member had when it began. Raising the member's voids all of them.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import current_app
from flask_jwt_extended import create_access_token
from sqlalchemy import Select, select, update

from powerbank.api.auth import STAFF_AUDIENCE, UnauthenticatedError, validity_claims
from powerbank.auth.people.sessions import ACCESS, REFRESH, Tokens, digest_of, may_repeat, successor_of
from powerbank.auth.staff.models import StaffMember, StaffRefreshToken, StaffSession
from powerbank.auth.staff.roles import PERMISSIONS, Role
from powerbank.base.db import db, open_session, utcnow
from powerbank.base.errors import NotFoundError
from powerbank.notifications.staff.models import StaffDevice

CONSOLE = timedelta(hours=8)
# A console session has no refresh that would tell when it was used, so the guard notes it now and then.
NOTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class SignedIn:
    """A member of staff in a session."""

    id: UUID
    email: str
    role: str
    session_id: UUID
    has_totp: bool
    last_used_at: datetime
    unfinished: str | None  # code of what must be done before anything else

    def may(self, permission: str) -> bool:
        return permission in PERMISSIONS[Role(self.role)]


def begin(
    member: StaffMember, *, kind: str, user_agent: str | None, address: str | None, now: datetime
) -> StaffSession:
    session = StaffSession(
        staff_id=member.id,
        generation=member.generation,
        kind=kind,
        user_agent=(user_agent or "")[:300],
        address=address,
        last_used_at=now,
        expires_at=now + (CONSOLE if kind == "console" else REFRESH),
    )
    open_session().add(session)
    open_session().flush()
    return session


def issue(session: StaffSession, member: StaffMember) -> Tokens:
    return _issue(session, member, secrets.token_urlsafe(32))


def refresh(token: str, *, now: datetime) -> tuple[Tokens, StaffMember] | None:
    """New tokens for a token that is spent by this, as `sessions.refresh` gives them. None when it was stolen: the
    caller commits the end of all."""
    row = _row_of(token, lock=True)
    if row is None or row.expires_at <= now:
        raise UnauthenticatedError
    session = open_session().get_one(StaffSession, row.session_id, with_for_update=True)
    member = open_session().get_one(StaffMember, session.staff_id)
    if session.ended_at is not None or session.generation != member.generation or not member.active:
        raise UnauthenticatedError
    follows = successor_of(token)
    if row.spent_at is not None and not may_repeat(row, _row_of(follows), now):
        _end(session, "reuse", now)
        return None
    session.last_used_at = now
    if row.spent_at is not None:
        row.repeated_at = now
        return Tokens(_access_token(session, member), follows), member
    row.spent_at = now
    session.expires_at = now + REFRESH
    return _issue(session, member, follows), member


def end_by_token(token: str, *, now: datetime) -> None:
    """Signs out. A token that we do not know is signed out already."""
    row = _row_of(token, lock=True)
    if row is not None:
        _end(open_session().get_one(StaffSession, row.session_id, with_for_update=True), "logout", now)


def end(session_id: UUID, *, staff_id: UUID, now: datetime) -> None:
    session = open_session().get(StaffSession, session_id, with_for_update=True, populate_existing=True)
    if session is None or session.staff_id != staff_id or session.ended_at is not None:
        raise NotFoundError("session")
    _end(session, "logout", now)


def end_others(member: StaffMember, *, but: UUID | None) -> None:
    """Voids every session of the member, who is locked, except the one that asks."""
    member.generation += 1
    if but is not None:
        open_session().execute(
            update(StaffSession)
            .where(StaffSession.id == but, StaffSession.staff_id == member.id)
            .values(generation=member.generation)
        )


def note_use(session_id: UUID, *, now: datetime) -> None:
    open_session().execute(update(StaffSession).where(StaffSession.id == session_id).values(last_used_at=now))


def living(staff_id: UUID, *, now: datetime) -> Select[Any]:
    """The sessions in which a member is signed in."""
    return (
        select(StaffSession)
        .join(StaffMember, StaffMember.id == StaffSession.staff_id)
        .where(StaffSession.staff_id == staff_id, *_lives(now))
    )


def devices_signed_in(*, now: datetime) -> Select[Any]:
    """The devices of staff whose sign-in lasts still."""
    return (
        select(StaffDevice)
        .join(StaffSession, StaffSession.id == StaffDevice.session_id)
        .join(StaffMember, StaffMember.id == StaffDevice.staff_id)
        .where(StaffSession.staff_id == StaffDevice.staff_id, *_lives(now))
    )


def signed_in(staff_id: str, session_id: str) -> SignedIn | None:
    """Whose access token or cookie this is, in one query."""
    try:
        wanted = (StaffMember.id == UUID(staff_id), StaffSession.id == UUID(session_id))
    except ValueError:
        return None
    columns = (
        StaffMember.id,
        StaffMember.email,
        StaffMember.role,
        StaffMember.password_temporary,
        StaffMember.totp_secret,
        StaffSession.id,
        StaffSession.last_used_at,
    )
    row = db.session.execute(
        select(*columns).join(StaffSession, StaffSession.staff_id == StaffMember.id).where(*wanted, *_lives(utcnow()))
    ).one_or_none()
    if row is None:
        return None
    member_id, email, role, password_temporary, totp_secret, own_session, last_used_at = row
    has_totp = totp_secret is not None
    unfinished = _unfinished(password_temporary=password_temporary, has_totp=has_totp)
    return SignedIn(member_id, email, role, own_session, has_totp, last_used_at, unfinished)


def _lives(now: datetime) -> tuple[Any, ...]:
    return (
        StaffMember.active,
        StaffSession.generation == StaffMember.generation,
        StaffSession.ended_at.is_(None),
        StaffSession.expires_at > now,
    )


def _unfinished(*, password_temporary: bool, has_totp: bool) -> str | None:
    if password_temporary:
        return "password_change_required"
    if not has_totp and current_app.config["SETTINGS"].staff_totp_required:
        return "totp_enrolment_required"
    return None


def _issue(session: StaffSession, member: StaffMember, token: str) -> Tokens:
    open_session().add(StaffRefreshToken(session_id=session.id, digest=digest_of(token), expires_at=session.expires_at))
    return Tokens(_access_token(session, member), token)


def _access_token(session: StaffSession, member: StaffMember) -> str:
    claims = {"aud": STAFF_AUDIENCE, "sid": str(session.id), "role": member.role, **validity_claims(ACCESS)}
    token: str = create_access_token(str(member.id), expires_delta=ACCESS, additional_claims=claims)
    return token


def _row_of(token: str, *, lock: bool = False) -> StaffRefreshToken | None:
    query = select(StaffRefreshToken).where(StaffRefreshToken.digest == digest_of(token))
    found: StaffRefreshToken | None = open_session().scalar(query.with_for_update() if lock else query)
    return found


def _end(session: StaffSession, cause: str, now: datetime) -> None:
    if session.ended_at is None:
        session.ended_at, session.end_cause = now, cause
