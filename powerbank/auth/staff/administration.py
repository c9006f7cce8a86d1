"""Accounts of staff, as superadmins and the command line manage them. One active superadmin always remains."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from powerbank.auth.staff import lockout, passwords, totp
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.models import RecoveryCode, StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base import audit
from powerbank.base.database_errors import refusing_on
from powerbank.base.db import db, open_session
from powerbank.base.errors import ConflictError, NotFoundError


def ensure_staff(*, email: str, password: str, role: Role) -> bool:
    """Make the account unless it exists, and say whether it was made."""
    if find_member_by_email(email) is not None:
        return False
    _add_member(StaffMember(email=email.strip(), password_hash=passwords.hash_password(password), role=role))
    return True


def set_password(email: str, password: str) -> None:
    """Set the password that somebody chose who may run commands on this machine, and end the member's sessions."""
    member = find_member_by_email(email)
    if member is None:
        raise NotFoundError("staff member")
    member.password_hash, member.password_temporary = passwords.hash_password(password), False
    lockout.unlock_member(member)
    staff_sessions.end_other_sessions(member, but=None)


def create_member(*, email: str, role: str, language: str = "en", actor: str) -> tuple[StaffMember, str]:
    """Make a member with a password that is shown once and must be changed at the first sign-in."""
    password = passwords.make_temporary_password()
    member = StaffMember(
        email=email.strip(),
        password_hash=passwords.hash_password(password),
        password_temporary=True,
        role=role,
        language=language,
    )
    _add_member(member)
    _record("staff.create", member.id, actor=actor, new={"email": member.email, "role": member.role})
    return member, password


def change_member(staff_id: UUID, changes: dict[str, Any], *, actor: str) -> tuple[StaffMember, dict[str, Any]]:
    """Change the member, and return the old values of what changed. A change of role or access ends the sessions."""
    superadmins = _lock_superadmins()
    member = lock_member(staff_id)
    old = {name: getattr(member, name) for name, value in changes.items() if getattr(member, name) != value}
    for name in old:
        setattr(member, name, changes[name])
    if superadmins == {staff_id} and not (member.active and member.role == Role.SUPERADMIN):
        raise ConflictError("last_superadmin", "This is the last active superadmin.")
    if old.keys() - {"language"}:
        staff_sessions.end_other_sessions(member, but=None)
    if old:
        _record("staff.update", staff_id, actor=actor, old=old, new={name: changes[name] for name in old})
    return member, old


def reset_member(staff_id: UUID, *, actor: str) -> tuple[StaffMember, str, dict[str, Any]]:
    """Give the member a new password that is shown once, and take away second factor, locks and sessions.

    Returned besides is which of these there were.
    """
    member = lock_member(staff_id)
    old = {"totp": member.has_totp, "locked": lockout.unlock_member(member)}
    password = passwords.make_temporary_password()
    member.password_hash, member.password_temporary = passwords.hash_password(password), True
    forget_totp(member)
    staff_sessions.end_other_sessions(member, but=None)
    _record("staff.reset", staff_id, actor=actor, old=old, new={"totp": False, "locked": False})
    return member, password, old


def _record(action: str, staff_id: UUID, *, actor: str, **values: dict[str, Any]) -> None:
    audit.record(actor=actor, action=action, object_kind="staff", object_id=staff_id, **values)


def forget_totp(member: StaffMember) -> None:
    member.totp_secret = member.totp_pending = member.totp_last_step = None
    open_session().execute(delete(RecoveryCode).where(RecoveryCode.staff_id == member.id))


def reencrypt_totp_secrets() -> tuple[int, int]:
    """Put the secrets under the first of STAFF_KEY.

    Returned is how many secrets changed, and how many unused recovery codes there are: they still need the key under
    which they were made.
    """
    session, changed = open_session(), 0
    for member in session.scalars(select(StaffMember).order_by(StaffMember.id).with_for_update()):
        for name in ("totp_secret", "totp_pending"):
            encrypted = getattr(member, name)
            if encrypted is not None and (renewed := totp.reencrypt_secret(encrypted)) is not None:
                setattr(member, name, renewed)
                changed += 1
    unused = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.used_at.is_(None))
    return changed, session.scalar(unused) or 0


def find_member_by_email(email: str) -> StaffMember | None:
    found: StaffMember | None = db.session.scalar(
        select(StaffMember).where(func.lower(StaffMember.email) == email.strip().lower())
    )
    return found


def lock_member(staff_id: UUID) -> StaffMember:
    member = open_session().get(StaffMember, staff_id, with_for_update=True, populate_existing=True)
    if member is None:
        raise NotFoundError("member of staff")
    return member


def _add_member(member: StaffMember) -> None:
    open_session().add(member)
    with refusing_on({"uq_staff_email": ConflictError("email_taken", "There is a member of staff with this address.")}):
        open_session().flush()
    open_session().refresh(member)


def _lock_superadmins() -> set[UUID]:
    """Lock the superadmins, so that of two who demote each other the second waits and finds the first demoted."""
    query = select(StaffMember.id).where(StaffMember.role == Role.SUPERADMIN, StaffMember.active)
    return set(open_session().scalars(query.order_by(StaffMember.id).with_for_update()))
