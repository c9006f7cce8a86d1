"""Staff sign-in with its lockout, and what members of staff do with their own account.

Argon2 is slow on purpose. So a password is verified first and outside any transaction, and the hash that it matched is
then compared with the locked row. A wrong try is counted by returning None or False: the caller commits it.
"""

from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update

from powerbank.api.rate_limits import network_of_address
from powerbank.auth.staff import administration, lockout, passwords, totp
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.errors import TotpRequiredError
from powerbank.auth.staff.lockout import Access, AttemptsAtAddress
from powerbank.auth.staff.models import RecoveryCode, StaffMember, StaffSession
from powerbank.auth.staff.sessions import SignedInStaff
from powerbank.base import audit
from powerbank.base.db import db, open_session
from powerbank.base.errors import AppError, ConflictError


class StaffSignIn(NamedTuple):
    member: StaffMember
    session: StaffSession


def verify_password(*, email: str, password: str) -> str | None:
    """Find the member's hash if this is the password. It takes one verification, whether or not there is an account."""
    known_hash = db.session.scalar(select(StaffMember.password_hash).where(_has_email(email)))
    return known_hash if passwords.matches_hash(known_hash, password) else None


def sign_in(
    *,
    email: str,
    proof: str | None,
    code: str | None,
    kind: str,
    ip_address: str | None,
    user_agent: str | None,
    now: datetime,
) -> StaffSignIn | None:
    """Begin a session of the member, or answer None for wrong credentials."""
    network = network_of_address(ip_address or "unknown")
    member = check_credentials(email=email, proof=proof, code=code, ip_address=network, now=now)
    if member is None:
        return None
    session = staff_sessions.begin_session(member, kind=kind, user_agent=user_agent, ip_address=ip_address, now=now)
    _record_own_act(member.id, "staff.sign_in", new={"kind": kind, "session_id": str(session.id)})
    return StaffSignIn(member, session)


def check_credentials(
    *, email: str, proof: str | None, code: str | None, ip_address: str, now: datetime
) -> StaffMember | None:
    """Find the member whom these credentials let in, or None.

    A disabled account, and one that is locked at this IP address, answer as wrong credentials do. Only whoever has both
    factors right is let in where it is locked.
    """
    member = _lock_member_by_email(email)
    if member is None or not member.active:
        return None
    attempts = lockout.find_attempts(member, ip_address)
    access = attempts.find_access(now)
    if access is Access.NONE:
        return None
    if not _is_password(member, proof):
        if access is Access.USUAL:
            attempts.count_failure(now)
        return None
    if access is Access.BOTH_FACTORS and not (member.has_totp and code):
        return None
    if member.has_totp:
        if not code:
            raise TotpRequiredError
        if not _check_code(attempts, code, now):
            return None
    attempts.record_success(now)
    return member


def end_session(staff: SignedInStaff, session_id: UUID, *, now: datetime) -> None:
    staff_sessions.end_session(session_id, staff_id=staff.id, now=now)
    _record_own_act(staff.id, "staff.end_session", new={"session_id": str(session_id)})


def choose_language(staff: SignedInStaff, language: str) -> None:
    member = administration.lock_member(staff.id)
    old, member.language = member.language, language
    _record_own_act(staff.id, "staff.language", old={"language": old}, new={"language": language})


def change_password(staff: SignedInStaff, *, proof: str | None, new: str, ip_address: str, now: datetime) -> bool:
    """Change the password and end every other session. False means that the current password was wrong."""
    new_hash = passwords.hash_password(new, field="new")
    member = _lock_member_by_email(staff.email)
    if member is None or not _check_password(lockout.find_attempts(member, ip_address), proof, now):
        return False
    member.password_hash, member.password_temporary = new_hash, False
    staff_sessions.end_other_sessions(member, but=staff.session_id)
    _record_own_act(staff.id, "staff.change_password")
    return True


def begin_totp(staff_id: UUID) -> str:
    """Make a secret for an authenticator. It counts once a code made with it has come back."""
    member = administration.lock_member(staff_id)
    if member.has_totp:
        raise ConflictError("totp_enabled", "There is an authenticator already. Remove it first.")
    secret = totp.make_secret()
    member.totp_pending = totp.encrypt_secret(secret)
    return secret


def confirm_totp(staff: SignedInStaff, *, code: str, now: datetime) -> list[str]:
    """Make the pending secret count, and return the recovery codes, of which only digests are kept."""
    member = administration.lock_member(staff.id)
    secret = totp.decrypt_secret(member.totp_pending) if member.totp_pending else None
    if secret is None:
        raise ConflictError("totp_not_begun", "Begin the enrolment first.")
    step = totp.find_time_step(secret, code, now=now, after=None)
    if step is None:
        detail = "This code is wrong. Is the clock of your phone right?"
        raise AppError("wrong_code", 422, detail, errors={"code": [detail]})
    member.totp_secret, member.totp_last_step, member.totp_pending = member.totp_pending, step, None
    codes = totp.make_recovery_codes()
    open_session().execute(delete(RecoveryCode).where(RecoveryCode.staff_id == member.id))
    open_session().add_all(
        RecoveryCode(staff_id=member.id, digest=totp.digest_recovery_code(each)[0]) for each in codes
    )
    staff_sessions.end_other_sessions(member, but=staff.session_id)
    _record_own_act(staff.id, "staff.enable_totp", old={"totp": False}, new={"totp": True})
    return codes


def remove_totp(staff: SignedInStaff, *, proof: str | None, code: str, ip_address: str, now: datetime) -> bool:
    """Remove the authenticator and end every other session. False means that the password or the code was wrong."""
    member = _lock_member_by_email(staff.email)
    if member is None or not member.has_totp:
        raise ConflictError("totp_not_enabled", "There is no authenticator to remove.")
    attempts = lockout.find_attempts(member, ip_address)
    if not _check_password(attempts, proof, now) or not _check_code(attempts, code, now):
        return False
    administration.forget_totp(member)
    staff_sessions.end_other_sessions(member, but=staff.session_id)
    _record_own_act(staff.id, "staff.disable_totp", old={"totp": True}, new={"totp": False})
    return True


def find_pending_secret(staff_id: UUID) -> str | None:
    pending = db.session.scalar(select(StaffMember.totp_pending).where(StaffMember.id == staff_id))
    return totp.decrypt_secret(pending) if pending else None


def _check_password(attempts: AttemptsAtAddress, proof: str | None, now: datetime) -> bool:
    """Check the password of a member who has signed in and is asked for it once more, and count a wrong one."""
    if not attempts.member.active or attempts.is_locked(now):
        return False
    if _is_password(attempts.member, proof):
        return True
    attempts.count_failure(now)
    return False


def _is_password(member: StaffMember, proof: str | None) -> bool:
    """Say whether the verified hash is still the member's: it may have changed while argon2 took its time."""
    return proof is not None and proof == member.password_hash


def _check_code(attempts: AttemptsAtAddress, code: str, now: datetime) -> bool:
    use_code = _use_timed_code if totp.is_timed_code(code) else _use_recovery_code
    if use_code(attempts.member, code, now):
        return True
    attempts.count_wrong_code(now)
    return False


def _use_timed_code(member: StaffMember, code: str, now: datetime) -> bool:
    secret = totp.decrypt_secret(member.totp_secret) if member.totp_secret else None
    step = totp.find_time_step(secret, code, now=now, after=member.totp_last_step) if secret else None
    if step is None:
        return False
    member.totp_last_step = step
    return True


def _use_recovery_code(member: StaffMember, code: str, now: datetime) -> bool:
    result = open_session().execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.staff_id == member.id,
            RecoveryCode.digest.in_(totp.digest_recovery_code(code)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return cast("CursorResult[object]", result).rowcount == 1


def _lock_member_by_email(email: str) -> StaffMember | None:
    found: StaffMember | None = open_session().scalar(
        select(StaffMember).where(_has_email(email)).with_for_update().execution_options(populate_existing=True)
    )
    return found


def _has_email(email: str) -> ColumnElement[bool]:
    return func.lower(StaffMember.email) == email.strip().lower().replace("\0", "")


def _record_own_act(staff_id: UUID, action: str, **values: dict[str, object]) -> None:
    audit.record(actor=audit.staff_actor(staff_id), action=action, object_kind="staff", object_id=staff_id, **values)
