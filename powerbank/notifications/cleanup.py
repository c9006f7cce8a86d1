"""The retention of notices, deliveries and devices: old rows are deleted a batch at a time."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Select, delete, or_, select

from powerbank.base.db import Base, open_session
from powerbank.notifications.models import Delivery, Device, Notice
from powerbank.notifications.staff.models import StaffNotice

KEEP_READ = timedelta(days=90)
KEEP_UNREAD = timedelta(days=180)
KEEP_STAFF_NOTICES = timedelta(days=90)
KEEP_DELIVERIES = timedelta(days=90)
KEEP_ENDED_DEVICES = timedelta(days=90)
BATCH = 5000


def delete_old_deliveries(*, now: datetime) -> int:
    """Delete a batch of old deliveries, and return how many they were."""
    return _delete_batch(Delivery, select(Delivery.id).where(Delivery.created_at < now - KEEP_DELIVERIES))


def delete_old_staff_notices(*, now: datetime) -> int:
    """Delete a batch of old notices of staff, and return how many they were."""
    return _delete_batch(StaffNotice, select(StaffNotice.id).where(StaffNotice.created_at < now - KEEP_STAFF_NOTICES))


def delete_old_notices(*, now: datetime) -> int:
    """Delete a batch of notices that were read or hidden long ago or are very old, and return how many they were."""
    before = now - KEEP_READ
    old = select(Notice.id).where(
        Notice.created_at < before,  # What was read before this time is older than it too, and this has an index.
        or_(Notice.read_at < before, Notice.deleted_at < before, Notice.created_at < now - KEEP_UNREAD),
    )
    return _delete_batch(Notice, old)


def delete_ended_devices(*, now: datetime) -> int:
    """Delete a batch of devices that ended long ago, and return how many they were."""
    return _delete_batch(Device, select(Device.id).where(Device.ended_at < now - KEEP_ENDED_DEVICES))


def _delete_batch(model: type[Base], old: Select[Any]) -> int:
    key = model.__table__.c.id
    result = open_session().execute(delete(model).where(key.in_(old.limit(BATCH))))
    return cast(CursorResult[Any], result).rowcount
