"""The queries of deliveries and devices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.notifications.models import Delivery, DeliveryStatus, Device

FAILED_STATUSES = (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED)


def deliveries_of_user(user_id: UUID, *, status: str | None, channel: str | None) -> Select[Delivery]:
    """Return the query of the deliveries to a person."""
    query = select(Delivery).where(Delivery.user_id == user_id)
    query = query if status is None else query.where(Delivery.status == status)
    return query if channel is None else query.where(Delivery.channel == channel)


def delivery_page(
    user_id: UUID, *, status: str | None, channel: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Return one page of the deliveries to a person, newest first."""
    query = deliveries_of_user(user_id, status=status, channel=channel)
    return page(query, Delivery.id, descending=True, limit=limit, cursor=cursor)


def find_delivery(delivery_id: UUID) -> Delivery:
    """Return a delivery, or refuse with 404."""
    found: Delivery | None = db.session.get(Delivery, delivery_id)
    if found is None:
        raise NotFoundError("delivery")
    return found


def failed_deliveries(
    *, status: str | None, channel: str | None, type: str | None, since: datetime | None, until: datetime | None
) -> Select[Delivery]:
    """Return the query of the deliveries to anybody that failed or expired. They have an index of their own."""
    query = select(Delivery).where(Delivery.status.in_(FAILED_STATUSES))
    for column, value in ((Delivery.status, status), (Delivery.channel, channel), (Delivery.type, type)):
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(Delivery.created_at >= since)
    return query if until is None else query.where(Delivery.created_at < until)


def failure_page(*, limit: int, cursor: str | None, **filters: Any) -> dict[str, Any]:
    """Return one page of failed deliveries, newest first. `filters` are those of `failed_deliveries`."""
    return page(failed_deliveries(**filters), Delivery.id, descending=True, limit=limit, cursor=cursor)


def devices_of_user(user_id: UUID) -> Sequence[Device]:
    """Return the active devices of a person, the one seen last first."""
    return db.session.scalars(
        select(Device).where(Device.user_id == user_id, Device.ended_at.is_(None)).order_by(Device.seen_at.desc())
    ).all()
