"""Staff accounts, as superadmins and the shell keep them. One active superadmin always remains."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.auth.staff import lockout, passwords, services
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base.database_errors import foreseen
from powerbank.base.db import db, open_session
from powerbank.base.errors import ConflictError, NotFoundError


def ensure_staff(*, email: str, password: str, role: Role) -> bool:
    """Makes the account unless it is there. True when it was made."""
    if find(email) is not None:
        return False
    _add(StaffMember(email=email.strip(), password_hash=passwords.hashed(password), role=role))
    return True


def set_password(email: str, password: str) -> None:
    """One that somebody chose who may run commands here. Sessions end."""
    member = find(email)
    if member is None:
        raise NotFoundError("staff member")
    member.password_hash, member.password_temporary = passwords.hashed(password), False
    lockout.forgive_all(member)
    staff_sessions.end_others(member, but=None)


def create(*, email: str, role: str, language: str = "en") -> tuple[StaffMember, str]:
    """A member with a password that is told once and must be changed at the first sign-in."""
    password = passwords.temporary()
    member = StaffMember(
        email=email.strip(),
        password_hash=passwords.hashed(password),
        password_temporary=True,
        role=role,
        language=language,
    )
    _add(member)
    return member, password


def change(staff_id: UUID, changes: dict[str, Any]) -> tuple[StaffMember, dict[str, Any]]:
    """The member, and the old values of what changed. Another role or none: the sessions end."""
    superadmins = _lock_superadmins()
    member = _get(staff_id)
    old = {name: getattr(member, name) for name, value in changes.items() if getattr(member, name) != value}
    for name in old:
        setattr(member, name, changes[name])
    if superadmins == {staff_id} and not (member.active and member.role == Role.SUPERADMIN):
        raise ConflictError("last_superadmin", "This is the last active superadmin.")
    if old.keys() - {"language"}:
        staff_sessions.end_others(member, but=None)
    return member, old


def choose_language(staff_id: UUID, language: str) -> str:
    """The old one."""
    member = _get(staff_id)
    old, member.language = member.language, language
    return old


def reset(staff_id: UUID) -> tuple[StaffMember, str, dict[str, Any]]:
    """A new password that is told once, no second factor, no lock, no session; and what of these there was."""
    member = _get(staff_id)
    old = {"totp": member.has_totp, "locked": lockout.forgive_all(member)}
    password = passwords.temporary()
    member.password_hash, member.password_temporary = passwords.hashed(password), True
    services.forget_totp(member)
    staff_sessions.end_others(member, but=None)
    return member, password, old


def find(email: str) -> StaffMember | None:
    found: StaffMember | None = db.session.scalar(
        select(StaffMember).where(func.lower(StaffMember.email) == email.strip().lower())
    )
    return found


def _add(member: StaffMember) -> None:
    open_session().add(member)
    with foreseen({"uq_staff_email": ConflictError("email_taken", "There is a member of staff with this address.")}):
        open_session().flush()
    open_session().refresh(member)


def _get(staff_id: UUID) -> StaffMember:
    member = open_session().get(StaffMember, staff_id, with_for_update=True, populate_existing=True)
    if member is None:
        raise NotFoundError("member of staff")
    return member


def _lock_superadmins() -> set[UUID]:
    """Two who demote each other wait here; the second finds the first no longer among them."""
    query = select(StaffMember.id).where(StaffMember.role == Role.SUPERADMIN, StaffMember.active)
    return set(open_session().scalars(query.order_by(StaffMember.id).with_for_update()))
