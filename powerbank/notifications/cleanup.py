"""Old notices, deliveries and devices are forgotten, a batch at a time so that no transaction grows long."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Select, delete, or_, select

from powerbank.base.db import Base, transaction
from powerbank.notifications.models import Delivery, Device, Notice
from powerbank.notifications.staff.models import StaffNotice

KEEP_READ = timedelta(days=90)
KEEP_UNREAD = timedelta(days=180)
KEEP_STAFF_NOTICES = timedelta(days=90)
KEEP_DELIVERIES = timedelta(days=90)
KEEP_ENDED_DEVICES = timedelta(days=90)
BATCH = 5000


def prune(*, now: datetime) -> None:
    _prune(Delivery, select(Delivery.id).where(Delivery.created_at < now - KEEP_DELIVERIES))
    _prune(StaffNotice, select(StaffNotice.id).where(StaffNotice.created_at < now - KEEP_STAFF_NOTICES))
    over = now - KEEP_READ
    _prune(
        Notice,
        select(Notice.id).where(
            Notice.created_at < over,  # as all that was read before then; it has an index
            or_(Notice.read_at < over, Notice.deleted_at < over, Notice.created_at < now - KEEP_UNREAD),
        ),
    )
    _prune(Device, select(Device.id).where(Device.ended_at < now - KEEP_ENDED_DEVICES))


def _prune(model: type[Base], old: Select[Any]) -> None:
    key = model.__table__.c.id
    gone = BATCH
    while gone == BATCH:
        with transaction() as session:
            result = session.execute(delete(model).where(key.in_(old.limit(BATCH))))
            gone = cast(CursorResult[Any], result).rowcount
