"""How accounts are made and changed."""

import re
import secrets
import unicodedata
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.database_errors import Refusals, already_exists_error, refusing_on
from powerbank.base.db import db, new_id, open_session, utcnow
from powerbank.base.errors import ConflictError, InvalidFieldsError, NotFoundError
from powerbank.outbox.enqueue import publish
from powerbank.users import identifier_traces, referrals
from powerbank.users.events import UserRegistered
from powerbank.users.identifiers import ContactAddress
from powerbank.users.models import AccountStatus, Identifier, User

# No letters and digits that look alike when they are read aloud or off a screen.
_REFERRAL_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_USERNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{1,28})[A-Za-z0-9]")


def find_user_by_contact(contact: ContactAddress) -> User | None:
    found: User | None = db.session.scalar(
        select(User).join(Identifier).where(Identifier.kind == contact.kind, Identifier.value == contact.value)
    )
    return found


def lock_user(user_id: UUID) -> User:
    """Lock the row of a person who has an account.

    Others may still write rows that name the person: otherwise two who take a device from each other would wait for
    each other.
    """
    user = open_session().get(User, user_id, with_for_update={"key_share": True}, populate_existing=True)
    if user is None or user.deleted_at is not None:
        raise NotFoundError("account")
    return user


def create_user(
    *,
    contact: ContactAddress,
    username: str,
    first_name: str | None,
    last_name: str | None,
    referral_code: str | None,
    language: str = "en",
) -> User:
    """Make an account. Of two that race for a name or a contact address the database lets one through."""
    session = open_session()
    referral_code = referrals.check_referral_code(referral_code)
    user = User(
        username=normalise_username(username),
        first_name=first_name,
        last_name=last_name,
        language=language,
        referral_code="".join(secrets.choice(_REFERRAL_LETTERS) for _ in range(8)),
    )
    user.identifiers = [Identifier(kind=contact.kind, value=contact.value)]
    session.add(user)
    # Once in a million times somebody has this referral code already: the same request again makes another one.
    with refusing_on(_uniqueness_refusals() | {"uq_users_referral_code": already_exists_error()}):
        session.flush()
    identifier_traces.record_trace(user.id, kind=contact.kind, value=contact.value)
    session.refresh(user)
    publish(UserRegistered(user_id=user.id, referral_code=referral_code))
    return user


def _uniqueness_refusals() -> Refusals:
    return {
        "uq_users_username": ConflictError("username_taken", "This name is taken."),
        "uq_user_identifiers_kind_value": ConflictError(
            "identifier_taken", "This number or address belongs to an account."
        ),
    }


def normalise_username(text: str) -> str:
    """Accept Latin letters, digits and `. _ -` only, so that nobody makes names that look alike but differ."""
    name = unicodedata.normalize("NFKC", text).strip()
    if not _USERNAME.fullmatch(name):
        raise InvalidFieldsError({"username": ["3 to 30 letters, digits, dots, dashes or underscores."]})
    return name


def change_profile(user_id: UUID, changes: Mapping[str, Any]) -> User:
    user = lock_user(user_id)
    for name, value in changes.items():
        setattr(user, name, normalise_username(value) if name == "username" else value)
    with refusing_on(_uniqueness_refusals()):
        open_session().flush()
    return user


def change_status(user_id: UUID, status: str) -> tuple[User, str]:
    """Change the status of an account, and return the old one with it. Both may be the same."""
    user = open_session().get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        raise NotFoundError("user")
    if user.status == AccountStatus.DELETED:
        raise ConflictError("account_deleted", "This account was deleted.")
    old, user.status = user.status, status
    return user, old


def set_identifier(user: User, contact: ContactAddress) -> str | None:
    """Add the phone number or e-mail address, or put it in the place of the one before, which is returned.

    The database refuses one that belongs to another account. It does so in a savepoint, so that what was done before in
    this transaction stays.
    """
    former = user.identifier(contact.kind)
    session = open_session()
    with refusing_on(_uniqueness_refusals()), session.begin_nested():
        session.execute(
            insert(Identifier)
            .values(id=new_id(), user_id=user.id, kind=contact.kind, value=contact.value)
            .on_conflict_do_update(
                index_elements=["user_id", "kind"], set_={"value": contact.value, "verified_at": utcnow()}
            )
        )
    identifier_traces.record_trace(user.id, kind=contact.kind, value=contact.value)
    session.refresh(user, ["identifiers"])
    return former


def may_sign_in(user: User) -> bool:
    return status_allows_sign_in(user.status)


def status_allows_sign_in(status: str) -> bool:
    return status in (AccountStatus.ACTIVE, AccountStatus.SUSPENDED)
