from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from powerbank.base.db import db
from powerbank.notifications.models import Delivery, DeliveryStatus, Device, Notice

UNARRIVED = (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED)


def notices_of(user_id: UUID, *, unread: bool | None) -> Select[Any]:
    query = select(Notice).where(Notice.user_id == user_id, *Notice.seen())
    if unread is not None:
        query = query.where(Notice.read_at.is_(None) if unread else Notice.read_at.is_not(None))
    return query


def unread_count(user_id: UUID) -> int:
    """Read from the index of what is unread, which knows nothing of the rest."""
    counted = select(func.count()).where(Notice.user_id == user_id, *Notice.seen(), Notice.read_at.is_(None))
    return db.session.scalar(counted) or 0


def devices_of(user_id: UUID) -> Sequence[Device]:
    return db.session.scalars(
        select(Device).where(Device.user_id == user_id, Device.ended_at.is_(None)).order_by(Device.seen_at.desc())
    ).all()


def unarrived(
    *, status: str | None, channel: str | None, type: str | None, since: datetime | None, until: datetime | None
) -> Select[Any]:
    """Deliveries that failed or came too late, of everybody: read from the index of just those."""
    query = select(Delivery).where(Delivery.status.in_(UNARRIVED))
    for column, value in ((Delivery.status, status), (Delivery.channel, channel), (Delivery.type, type)):
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(Delivery.created_at >= since)
    return query if until is None else query.where(Delivery.created_at < until)
