from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from powerbank.base.db import db
from powerbank.notifications.models import Notice


def notices_of_user(user_id: UUID, *, unread: bool | None) -> Select[Any]:
    query = select(Notice).where(Notice.user_id == user_id, *Notice.seen())
    if unread is not None:
        query = query.where(Notice.read_at.is_(None) if unread else Notice.read_at.is_not(None))
    return query


def count_unread_notices(user_id: UUID) -> int:
    """Read from the index of what is unread, which knows nothing of the rest."""
    counted = select(func.count()).where(Notice.user_id == user_id, *Notice.seen(), Notice.read_at.is_(None))
    return db.session.scalar(counted) or 0
