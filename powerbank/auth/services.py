"""Staff sign-in."""

from datetime import timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_jwt_extended import create_access_token
from sqlalchemy import func, select

from powerbank.api.auth import STAFF_AUDIENCE
from powerbank.auth.models import StaffMember
from powerbank.auth.roles import Role
from powerbank.db import db, open_session
from powerbank.errors import AppError

ACCESS_SECONDS = 900
SHORTEST_PASSWORD = 12

_hasher = PasswordHasher()
# Verified when there is no such account, so that the answer takes as long as for a wrong password.
_NOBODY = _hasher.hash("nobody has this password")


class WrongCredentialsError(AppError):
    def __init__(self) -> None:
        super().__init__("wrong_credentials", 401, "E-mail or password is wrong.")


def sign_in(*, email: str, password: str) -> StaffMember:
    member = _by_email(email)
    try:
        _hasher.verify(member.password_hash if member else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        raise WrongCredentialsError from None
    if member is None or not member.active:
        raise WrongCredentialsError
    return member


def access_token(member: StaffMember) -> str:
    token: str = create_access_token(
        str(member.id),
        expires_delta=timedelta(seconds=ACCESS_SECONDS),
        additional_claims={"aud": STAFF_AUDIENCE, "role": member.role, "gen": member.generation},
    )
    return token


def active_staff(staff_id: str, generation: int | None = None) -> StaffMember | None:
    """The member, unless gone, disabled, or signed in before the password or role changed."""
    try:
        member = db.session.get(StaffMember, UUID(staff_id))
    except ValueError:
        return None
    if member is None or not member.active or member.generation != generation:
        return None
    return member


def ensure_staff(*, email: str, password: str, role: Role) -> bool:
    """Makes the account unless it is there. True when it was made."""
    if _by_email(email) is not None:
        return False
    if len(password) < SHORTEST_PASSWORD:
        raise AppError("password_too_short", 422, f"A staff password has at least {SHORTEST_PASSWORD} characters.")
    open_session().add(StaffMember(email=email.strip(), password_hash=_hasher.hash(password), role=role))
    return True


def _by_email(email: str) -> StaffMember | None:
    found: StaffMember | None = db.session.scalar(
        select(StaffMember).where(func.lower(StaffMember.email) == email.strip().lower())
    )
    return found
