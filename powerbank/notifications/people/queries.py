"""The queries of a person's notices."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.api.paging import page
from powerbank.base.db import db, first_id_of
from powerbank.notifications.models import Delivery, Notice

MOST_ABOUT = 50


def notice_page(user_id: UUID, *, unread: bool | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return one page of a person's notices, newest first: all of them, or those that are read or unread."""
    query = select(Notice).where(Notice.user_id == user_id, *Notice.seen())
    if unread is not None:
        query = query.where(Notice.read_at.is_(None) if unread else Notice.read_at.is_not(None))
    return page(query, Notice.id, descending=True, limit=limit, cursor=cursor)


def list_notices_about(
    name: str, object_id: UUID, *, user_id: UUID, since: datetime
) -> list[tuple[Notice, list[Delivery]]]:
    """List what a person was told since then about one thing, which the notices have under this name, oldest first.

    Each comes with its deliveries.
    """
    query = select(Notice).where(
        Notice.user_id == user_id,
        Notice.id >= first_id_of(since),
        Notice.context[name].astext == str(object_id),
        Notice.shown_at.is_not(None),
    )
    notices = db.session.scalars(query.order_by(Notice.id).limit(MOST_ABOUT)).all()
    sent = select(Delivery).where(Delivery.notice_id.in_([each.id for each in notices])).order_by(Delivery.id)
    deliveries: dict[UUID | None, list[Delivery]] = defaultdict(list)
    for delivery in db.session.scalars(sent):
        deliveries[delivery.notice_id].append(delivery)
    return [(notice, deliveries[notice.id]) for notice in notices]


def count_unread_notices(user_id: UUID) -> int:
    """Count the unread notices of a person. They have an index of their own."""
    query = select(func.count()).where(Notice.user_id == user_id, *Notice.seen(), Notice.read_at.is_(None))
    return db.session.scalar(query) or 0
