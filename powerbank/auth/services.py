"""Staff sign-in with its lockout, and what members of staff do with their own account.

A password is verified first and outside any transaction, because argon2 is slow on purpose; what it proved is then
held against the locked row. A wrong try is counted by returning None or False: the caller commits it.
"""

from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, text, update

from powerbank import audit
from powerbank.auth import passwords, staff_sessions, totp
from powerbank.auth.models import RecoveryCode, StaffMember
from powerbank.auth.staff_sessions import SignedIn
from powerbank.db import db, open_session
from powerbank.errors import AppError, ConflictError

TRIES = 10
LOCKED_FOR = timedelta(minutes=15)


class WrongCredentialsError(AppError):
    def __init__(self) -> None:
        super().__init__("wrong_credentials", 401, "E-mail, password or code is wrong.")


class TotpRequiredError(AppError):
    def __init__(self) -> None:
        super().__init__("totp_required", 401, "Enter the code of your authenticator app as well.")


def verified_hash(*, email: str, password: str) -> str | None:
    """The member's hash if this is the password. One verification, account or not."""
    known = db.session.scalar(select(StaffMember.password_hash).where(_is(email)))
    return known if passwords.matches(known, password) else None


def admit(*, email: str, proof: str | None, code: str | None, now: datetime) -> StaffMember | None:
    """The member, or None for wrong credentials: also for a locked or disabled account."""
    member = _locked(email)
    if member is None or not _password_holds(member, proof, now):
        return None
    if member.has_totp:
        if not code:
            raise TotpRequiredError
        if not _code_holds(member, code, now):
            return None
    member.failed_attempts, member.locked_until = 0, None
    return member


def change_password(staff: SignedIn, *, proof: str | None, new: str, now: datetime) -> bool:
    """Ends every other session. False: the current password was wrong."""
    new_hash = passwords.hashed(new, field="new")
    member = _locked(staff.email)
    if member is None or not _password_holds(member, proof, now):
        return False
    member.password_hash, member.password_temporary = new_hash, False
    member.failed_attempts = 0
    staff_sessions.end_others(member, but=staff.session_id)
    return True


def begin_totp(staff_id: UUID) -> str:
    """A secret for an authenticator. It counts once a code made with it has come back."""
    member = open_session().get_one(StaffMember, staff_id, with_for_update=True, populate_existing=True)
    if member.has_totp:
        raise ConflictError("totp_enabled", "There is an authenticator already. Remove it first.")
    secret = totp.new_secret()
    member.totp_pending = totp.encrypt(secret)
    return secret


def confirm_totp(staff: SignedIn, *, code: str, now: datetime) -> list[str]:
    """Makes the pending secret count. The recovery codes that come back are kept as digests only."""
    member = open_session().get_one(StaffMember, staff.id, with_for_update=True, populate_existing=True)
    secret = totp.decrypt(member.totp_pending) if member.totp_pending else None
    if secret is None:
        raise ConflictError("totp_not_begun", "Begin the enrolment first.")
    step = totp.step_of(secret, code, now=now, after=None)
    if step is None:
        told = "This code is wrong. Is the clock of your phone right?"
        raise AppError("wrong_code", 422, told, errors={"code": [told]})
    member.totp_secret, member.totp_last_step, member.totp_pending = member.totp_pending, step, None
    codes = totp.new_recovery_codes()
    open_session().execute(delete(RecoveryCode).where(RecoveryCode.staff_id == member.id))
    open_session().add_all(RecoveryCode(staff_id=member.id, digest=totp.recovery_digests(each)[0]) for each in codes)
    staff_sessions.end_others(member, but=staff.session_id)
    return codes


def remove_totp(staff: SignedIn, *, proof: str | None, code: str, now: datetime) -> bool:
    """False: the password or the code was wrong."""
    member = _locked(staff.email)
    if member is None or not member.has_totp:
        raise ConflictError("totp_not_enabled", "There is no authenticator to remove.")
    if not _password_holds(member, proof, now) or not _code_holds(member, code, now):
        return False
    forget_totp(member)
    member.failed_attempts = 0
    staff_sessions.end_others(member, but=staff.session_id)
    return True


def forget_totp(member: StaffMember) -> None:
    member.totp_secret = member.totp_pending = member.totp_last_step = None
    open_session().execute(delete(RecoveryCode).where(RecoveryCode.staff_id == member.id))


def pending_secret(staff_id: UUID) -> str | None:
    pending = db.session.scalar(select(StaffMember.totp_pending).where(StaffMember.id == staff_id))
    return totp.decrypt(pending) if pending else None


def _password_holds(member: StaffMember, proof: str | None, now: datetime) -> bool:
    if not member.active or (member.locked_until is not None and member.locked_until > now):
        return False
    # The hash that was verified must still be the one: it may have changed while argon2 took its time.
    if proof is not None and proof == member.password_hash:
        return True
    _count_failure(member, now)
    return False


def _code_holds(member: StaffMember, code: str, now: datetime) -> bool:
    right = _timed_code_holds(member, code, now) if totp.is_timed(code) else _recovery_code_holds(member, code, now)
    if not right:
        _count_failure(member, now)
    return right


def _timed_code_holds(member: StaffMember, code: str, now: datetime) -> bool:
    secret = totp.decrypt(member.totp_secret) if member.totp_secret else None
    step = totp.step_of(secret, code, now=now, after=member.totp_last_step) if secret else None
    if step is None:
        return False
    member.totp_last_step = step
    return True


def _recovery_code_holds(member: StaffMember, code: str, now: datetime) -> bool:
    result = open_session().execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.staff_id == member.id,
            RecoveryCode.digest.in_(totp.recovery_digests(code)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return cast("CursorResult[object]", result).rowcount == 1


def _count_failure(member: StaffMember, now: datetime) -> None:
    """The row is locked, so twenty tries at once are counted as twenty."""
    # Waiting for the disk would tell by the clock that there is such an account. A crash may forget one try.
    open_session().execute(text("SET LOCAL synchronous_commit TO off"))
    member.failed_attempts += 1
    if member.failed_attempts >= TRIES:
        member.failed_attempts, member.locked_until = 0, now + LOCKED_FOR
        audit.record(actor="sign-in", action="staff.lock", object_kind="staff", object_id=member.id)


def _locked(email: str) -> StaffMember | None:
    found: StaffMember | None = open_session().scalar(
        select(StaffMember).where(_is(email)).with_for_update().execution_options(populate_existing=True)
    )
    return found


def _is(email: str) -> ColumnElement[bool]:
    return func.lower(StaffMember.email) == email.strip().lower().replace("\0", "")
