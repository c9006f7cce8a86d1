"""What is read of deliveries and devices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from powerbank.base.db import db
from powerbank.notifications.models import Delivery, DeliveryStatus, Device


def failed_deliveries(
    *, status: str | None, channel: str | None, type: str | None, since: datetime | None, until: datetime | None
) -> Select[Any]:
    """Deliveries that failed or came too late, of everybody: read from the index of just those."""
    query = select(Delivery).where(Delivery.status.in_(FAILED_STATUSES))
    for column, value in ((Delivery.status, status), (Delivery.channel, channel), (Delivery.type, type)):
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(Delivery.created_at >= since)
    return query if until is None else query.where(Delivery.created_at < until)


FAILED_STATUSES = (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED)


def devices_of_user(user_id: UUID) -> Sequence[Device]:
    return db.session.scalars(
        select(Device).where(Device.user_id == user_id, Device.ended_at.is_(None)).order_by(Device.seen_at.desc())
    ).all()
