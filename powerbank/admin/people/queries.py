"""The queries of what staff see of one person beside the account: notes, sign-ins, devices."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.admin.people.models import UserNote
from powerbank.api.paging import page
from powerbank.auth.people.models import Session
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.users.models import AccountStatus, User


def get_person(user_id: UUID) -> User:
    """Return a person who has not left, or refuse with 404."""
    found = db.session.get(User, user_id)
    if found is None or found.status == AccountStatus.DELETED:
        raise NotFoundError("user")
    return found


def note_page(user_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return one page of the notes about a person, newest first."""
    get_person(user_id)
    query = select(UserNote).where(UserNote.user_id == user_id)
    return page(query, UserNote.id, limit=limit, cursor=cursor, descending=True)


def sign_in_page(user_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return one page of the sign-ins of a person, newest first. Those that ended long ago are forgotten."""
    get_person(user_id)
    query = select(Session).where(Session.user_id == user_id)
    return page(query, Session.id, limit=limit, cursor=cursor, descending=True)


def count_open_sign_ins(user_id: UUID) -> int:
    query = select(func.count()).where(Session.user_id == user_id, Session.ended_at.is_(None))
    return db.session.scalar(query) or 0
