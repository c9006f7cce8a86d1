"""Accounts."""

import re
import secrets
import unicodedata
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from powerbank.db import db, open_session
from powerbank.errors import AppError, ConflictError
from powerbank.queue import publish
from powerbank.users.identifiers import Address
from powerbank.users.models import Identifier, Status, User

# No letters and digits that look alike when read aloud or off a screen.
_REFERRAL_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_USERNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{1,28})[A-Za-z0-9]")


def owner_of(address: Address) -> User | None:
    found: User | None = db.session.scalar(
        select(User).join(Identifier).where(Identifier.kind == address.kind, Identifier.value == address.value)
    )
    return found


def create(
    *, address: Address, username: str, first_name: str | None, last_name: str | None, referral_code: str | None
) -> User:
    """Makes an account. Two that race for a name or an address: the database lets one through."""
    session = open_session()
    user = User(
        username=clean_username(username), first_name=first_name, last_name=last_name,
        referral_code="".join(secrets.choice(_REFERRAL_LETTERS) for _ in range(8)),
    )  # fmt: skip
    user.identifiers = [Identifier(kind=address.kind, value=address.value)]
    session.add(user)
    try:
        session.flush()
    except IntegrityError as refused:
        if "uq_users_username" in str(refused.orig):
            raise ConflictError("username_taken", "This name is taken.") from None
        raise ConflictError("identifier_taken", "This number or address belongs to an account.") from None
    session.refresh(user)
    publish("user_registered", user_id=str(user.id), referral_code=referral_code)
    return user


def clean_username(text: str) -> str:
    """Latin letters, digits and `. _ -` only: names that look alike but differ cannot be made."""
    name = unicodedata.normalize("NFKC", text).strip()
    if not _USERNAME.fullmatch(name):
        raise AppError(
            "validation_failed", 422, "Some fields are missing or wrong.",
            errors={"username": ["3 to 30 letters, digits, dots, dashes or underscores."]},
        )  # fmt: skip
    return name


def change_profile(user_id: UUID, changes: dict[str, Any]) -> User:
    user = open_session().get_one(User, user_id, with_for_update=True, populate_existing=True)
    if "username" in changes:
        changes["username"] = clean_username(changes["username"])
    for name, value in changes.items():
        setattr(user, name, value)
    try:
        open_session().flush()
    except IntegrityError:
        raise ConflictError("username_taken", "This name is taken.") from None
    return user


def may_sign_in(user: User) -> bool:
    return user.status in (Status.ACTIVE, Status.SUSPENDED)
