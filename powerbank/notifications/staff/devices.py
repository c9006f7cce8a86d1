"""The devices on which staff get pushes. A device counts while the sign-in that registered it lasts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import db, new_id, open_session
from powerbank.base.errors import NotFoundError
from powerbank.notifications.staff.models import StaffDevice

MOST_DEVICES = 10


def register_device(
    *, staff_id: UUID, session_id: UUID, fcm_token: str, platform: str, app_version: str | None, now: datetime
) -> tuple[StaffDevice, bool]:
    """Register a device, and return it and whether it is new to this member. A token belongs to its last member."""
    session = open_session()
    known = session.scalar(select(StaffDevice.id).filter_by(fcm_token=fcm_token, staff_id=staff_id))
    values = {
        "staff_id": staff_id,
        "session_id": session_id,
        "platform": platform,
        "app_version": app_version,
        "seen_at": now,
    }
    statement = insert(StaffDevice).values(id=new_id(), fcm_token=fcm_token, **values)
    taken = statement.on_conflict_do_update(index_elements=["fcm_token"], set_=values).returning(StaffDevice.id)
    device_id = session.execute(taken).scalar_one()
    session.execute(delete(StaffDevice).where(StaffDevice.id.in_(_beyond_the_most(staff_id))))
    return session.get_one(StaffDevice, device_id, populate_existing=True), known is None


def devices_of_member(staff_id: UUID) -> Sequence[StaffDevice]:
    """Return the devices of a member, also those whose sign-in is over and that get no pushes any more."""
    query = select(StaffDevice).where(StaffDevice.staff_id == staff_id)
    return db.session.scalars(query.order_by(StaffDevice.seen_at.desc(), StaffDevice.id.desc())).all()


def remove_device(device_id: UUID, *, staff_id: UUID) -> None:
    """Delete a device of a member, who removed it."""
    gone = delete(StaffDevice).where(StaffDevice.id == device_id, StaffDevice.staff_id == staff_id)
    if open_session().execute(gone.returning(StaffDevice.id)).one_or_none() is None:
        raise NotFoundError("device")


def forget_token(device_id: UUID, fcm_token: str) -> None:
    """Delete a device whose token FCM does not know any more, unless it was registered anew with another token."""
    gone = delete(StaffDevice).where(StaffDevice.id == device_id, StaffDevice.fcm_token == fcm_token)
    open_session().execute(gone)


def _beyond_the_most(staff_id: UUID) -> Sequence[UUID]:
    query = select(StaffDevice.id).where(StaffDevice.staff_id == staff_id)
    return (
        open_session()
        .scalars(query.order_by(StaffDevice.seen_at.desc(), StaffDevice.id.desc()).offset(MOST_DEVICES))
        .all()
    )
