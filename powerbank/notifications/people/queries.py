"""The queries of a person's notices."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.notifications.models import Notice


def notice_page(user_id: UUID, *, unread: bool | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return one page of a person's notices, newest first: all of them, or those that are read or unread."""
    query = select(Notice).where(Notice.user_id == user_id, *Notice.seen())
    if unread is not None:
        query = query.where(Notice.read_at.is_(None) if unread else Notice.read_at.is_not(None))
    return page(query, Notice.id, descending=True, limit=limit, cursor=cursor)


def count_unread_notices(user_id: UUID) -> int:
    """Count the unread notices of a person. They have an index of their own."""
    query = select(func.count()).where(Notice.user_id == user_id, *Notice.seen(), Notice.read_at.is_(None))
    return db.session.scalar(query) or 0
