"""Staff sign-in with its lockout, and what members of staff do with their own account.

A password is verified first and outside any transaction, because argon2 is slow on purpose; what it proved is then
held against the locked row. A wrong try is counted by returning None or False: the caller commits it.
"""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update

from powerbank.auth.staff import lockout, passwords, totp
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.lockout import Place, Way
from powerbank.auth.staff.models import RecoveryCode, StaffMember
from powerbank.auth.staff.sessions import SignedIn
from powerbank.base.db import db, open_session
from powerbank.base.errors import AppError, ConflictError


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


def admit(*, email: str, proof: str | None, code: str | None, address: str, now: datetime) -> StaffMember | None:
    """The member, or None for wrong credentials: also for a disabled account, and one that is locked at this address.
    Only who has both factors right learns that it is locked no more for him than for anybody."""
    member = _locked(email)
    if member is None or not member.active:
        return None
    place = lockout.place_of(member, address)
    way = place.way_in(now)
    if way is Way.NONE:
        return None
    if not _is_password(member, proof):
        if way is Way.USUAL:
            place.count_failure(now)
        return None
    if way is Way.BOTH_FACTORS and not (member.has_totp and code):
        return None
    if member.has_totp:
        if not code:
            raise TotpRequiredError
        if not _code_holds(place, code, now):
            return None
    place.welcome(now)
    return member


def change_password(staff: SignedIn, *, proof: str | None, new: str, address: str, now: datetime) -> bool:
    """Ends every other session. False: the current password was wrong."""
    new_hash = passwords.hashed(new, field="new")
    member = _locked(staff.email)
    if member is None or not _password_holds(lockout.place_of(member, address), proof, now):
        return False
    member.password_hash, member.password_temporary = new_hash, False
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


def remove_totp(staff: SignedIn, *, proof: str | None, code: str, address: str, now: datetime) -> bool:
    """False: the password or the code was wrong."""
    member = _locked(staff.email)
    if member is None or not member.has_totp:
        raise ConflictError("totp_not_enabled", "There is no authenticator to remove.")
    place = lockout.place_of(member, address)
    if not _password_holds(place, proof, now) or not _code_holds(place, code, now):
        return False
    forget_totp(member)
    staff_sessions.end_others(member, but=staff.session_id)
    return True


def forget_totp(member: StaffMember) -> None:
    member.totp_secret = member.totp_pending = member.totp_last_step = None
    open_session().execute(delete(RecoveryCode).where(RecoveryCode.staff_id == member.id))


def pending_secret(staff_id: UUID) -> str | None:
    pending = db.session.scalar(select(StaffMember.totp_pending).where(StaffMember.id == staff_id))
    return totp.decrypt(pending) if pending else None


def _password_holds(place: Place, proof: str | None, now: datetime) -> bool:
    """Of who has signed in and is asked for the password once more."""
    if not place.member.active or place.is_locked(now):
        return False
    if _is_password(place.member, proof):
        return True
    place.count_failure(now)
    return False


def _is_password(member: StaffMember, proof: str | None) -> bool:
    """The hash that was verified must still be the one: it may have changed while argon2 took its time."""
    return proof is not None and proof == member.password_hash


def _code_holds(place: Place, code: str, now: datetime) -> bool:
    holds = _timed_code_holds if totp.is_timed(code) else _recovery_code_holds
    if holds(place.member, code, now):
        return True
    place.count_wrong_code(now)
    return False


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


def _locked(email: str) -> StaffMember | None:
    found: StaffMember | None = open_session().scalar(
        select(StaffMember).where(_is(email)).with_for_update().execution_options(populate_existing=True)
    )
    return found


def _is(email: str) -> ColumnElement[bool]:
    return func.lower(StaffMember.email) == email.strip().lower().replace("\0", "")
