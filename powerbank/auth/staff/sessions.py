"""Sign-ins of staff. The row is the truth: when it has ended, its access tokens and its cookie are nobody's.

A session carries the generation that its member had when it began. Raising the member's generation voids all sessions.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from flask_jwt_extended import create_access_token
from sqlalchemy import select, update

from powerbank.api.auth import STAFF_AUDIENCE, UnauthenticatedError, validity_claims
from powerbank.auth.staff import queries
from powerbank.auth.staff.models import StaffMember, StaffRefreshToken, StaffSession
from powerbank.auth.staff.roles import PERMISSIONS, Role
from powerbank.auth.tokens import (
    ACCESS_LIFETIME,
    REFRESH_LIFETIME,
    Tokens,
    derive_successor,
    digest_token,
    may_repeat,
)
from powerbank.base.audit import staff_actor
from powerbank.base.db import db, open_session, utcnow
from powerbank.base.errors import NotFoundError
from powerbank.live import changes

CONSOLE_LIFETIME = timedelta(hours=8)
# A console session has no refresh that would tell when it was used, so the console records its use now and then.
USE_RECORDED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class SignedInStaff:
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


def begin_session(
    member: StaffMember, *, kind: str, user_agent: str | None, ip_address: str | None, now: datetime
) -> StaffSession:
    session = StaffSession(
        staff_id=member.id,
        generation=member.generation,
        kind=kind,
        user_agent=(user_agent or "")[:300],
        address=ip_address,
        last_used_at=now,
        expires_at=now + (CONSOLE_LIFETIME if kind == "console" else REFRESH_LIFETIME),
    )
    open_session().add(session)
    open_session().flush()
    return session


def issue_tokens(session: StaffSession, member: StaffMember) -> Tokens:
    return _issue_with_token(session, member, secrets.token_urlsafe(32))


def refresh_session(token: str, *, now: datetime) -> tuple[Tokens, StaffMember] | None:
    """Issue new tokens for a token that is spent by this.

    None when the token was stolen: the whole sign-in ends, and the caller commits that.
    """
    row = _find_refresh_token(token, lock=True)
    if row is None or row.expires_at <= now:
        raise UnauthenticatedError
    session = open_session().get_one(StaffSession, row.session_id, with_for_update=True)
    member = open_session().get_one(StaffMember, session.staff_id)
    if session.ended_at is not None or session.generation != member.generation or not member.active:
        raise UnauthenticatedError
    successor = derive_successor(token)
    if row.spent_at is not None and not may_repeat(row, _find_refresh_token(successor), now):
        _end_one(session, "reuse", now)
        return None
    session.last_used_at = now
    if row.spent_at is not None:
        row.repeated_at = now
        return Tokens(_make_access_token(session, member), successor), member
    row.spent_at = now
    session.expires_at = now + REFRESH_LIFETIME
    return _issue_with_token(session, member, successor), member


def end_session_by_token(token: str, *, now: datetime) -> None:
    """Sign out the session of this refresh token. A token that we do not know is signed out already."""
    row = _find_refresh_token(token, lock=True)
    if row is not None:
        _end_one(open_session().get_one(StaffSession, row.session_id, with_for_update=True), "logout", now)


def end_session(session_id: UUID, *, staff_id: UUID, now: datetime) -> None:
    session = open_session().get(StaffSession, session_id, with_for_update=True, populate_existing=True)
    if session is None or session.staff_id != staff_id or session.ended_at is not None:
        raise NotFoundError("session")
    _end_one(session, "logout", now)


def end_other_sessions(member: StaffMember, *, but: UUID | None) -> None:
    """Void every session of the member, who is locked, except the one given."""
    member.generation += 1
    changes.announce_sign_ins(staff_actor(member.id))
    if but is not None:
        open_session().execute(
            update(StaffSession)
            .where(StaffSession.id == but, StaffSession.staff_id == member.id)
            .values(generation=member.generation)
        )


def record_use(session_id: UUID, *, now: datetime) -> None:
    open_session().execute(update(StaffSession).where(StaffSession.id == session_id).values(last_used_at=now))


def find_signed_in_staff(staff_id: str, session_id: str) -> SignedInStaff | None:
    """Find whose access token or cookie this is, in one query."""
    try:
        claimed = (StaffMember.id == UUID(staff_id), StaffSession.id == UUID(session_id))
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
        select(*columns)
        .join(StaffSession, StaffSession.staff_id == StaffMember.id)
        .where(*claimed, *queries.live_session_conditions(utcnow()))
    ).one_or_none()
    if row is None:
        return None
    member_id, email, role, password_temporary, totp_secret, own_session, last_used_at = row
    has_totp = totp_secret is not None
    unfinished = _find_unfinished(password_temporary=password_temporary, has_totp=has_totp)
    return SignedInStaff(member_id, email, role, own_session, has_totp, last_used_at, unfinished)


def _find_unfinished(*, password_temporary: bool, has_totp: bool) -> str | None:
    if password_temporary:
        return "password_change_required"
    if not has_totp and current_app.config["SETTINGS"].staff_totp_required:
        return "totp_enrolment_required"
    return None


def _issue_with_token(session: StaffSession, member: StaffMember, token: str) -> Tokens:
    open_session().add(
        StaffRefreshToken(session_id=session.id, digest=digest_token(token), expires_at=session.expires_at)
    )
    return Tokens(_make_access_token(session, member), token)


def _make_access_token(session: StaffSession, member: StaffMember) -> str:
    claims = {"aud": STAFF_AUDIENCE, "sid": str(session.id), "role": member.role, **validity_claims(ACCESS_LIFETIME)}
    token: str = create_access_token(str(member.id), expires_delta=ACCESS_LIFETIME, additional_claims=claims)
    return token


def _find_refresh_token(token: str, *, lock: bool = False) -> StaffRefreshToken | None:
    query = select(StaffRefreshToken).where(StaffRefreshToken.digest == digest_token(token))
    found: StaffRefreshToken | None = open_session().scalar(query.with_for_update() if lock else query)
    return found


def _end_one(session: StaffSession, cause: str, now: datetime) -> None:
    if session.ended_at is None:
        session.ended_at, session.end_cause = now, cause
        changes.announce_sign_ins(staff_actor(session.staff_id))
