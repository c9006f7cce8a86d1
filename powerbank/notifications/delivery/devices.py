"""The devices on which a person gets pushes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import new_id, open_session
from powerbank.base.errors import NotFoundError
from powerbank.notifications.models import Device
from powerbank.users import identifier_traces
from powerbank.users import services as users

MOST_DEVICES = 10


def register_device(
    *,
    user_id: UUID,
    session_id: UUID | None,
    fcm_token: str,
    platform: str,
    app_version: str | None,
    now: datetime,
    web_push_keys: Mapping[str, str] | None = None,
) -> tuple[Device, bool]:
    """Register a device, and return it and whether it is new to this person.

    A browser that uses Web Push gives its keys, and its address at the push service in the place of the token.

    A token that another account has registered changes hands. This is one statement, so that of two people who register
    one token at once the later is the only owner.
    """
    session = open_session()
    users.lock_user(user_id)  # one registration of a person at a time, so that the limit holds
    known = session.scalar(select(Device.id).where(Device.fcm_token == fcm_token, Device.user_id == user_id))
    fresh = new_id()
    values = {
        "user_id": user_id,
        "session_id": session_id,
        "web_push_keys": dict(web_push_keys) if web_push_keys else None,
        "platform": platform,
        "app_version": app_version,
        "seen_at": now,
    }
    changes_hands = Device.user_id != user_id
    statement = insert(Device).values(id=fresh, fcm_token=fcm_token, **values)
    taken = statement.on_conflict_do_update(
        index_elements=["fcm_token"],
        set_={
            **values,
            "ended_at": None,
            "end_cause": None,
            "created_at": case((changes_hands, literal_column("now()")), else_=Device.created_at),
        },
    ).returning(Device.id)
    device_id = session.execute(taken).scalar_one()
    identifier_traces.record_trace(user_id, kind="device", value=fcm_token)
    _end_oldest(user_id, now)
    device = session.get_one(Device, device_id, populate_existing=True)
    return device, known is None


def remove_device(user_id: UUID, device_id: UUID, *, now: datetime) -> None:
    """End a device of a person, who removed it."""
    removed = open_session().execute(
        update(Device)
        .where(Device.id == device_id, Device.user_id == user_id, Device.ended_at.is_(None))
        .values(ended_at=now, end_cause="removed")
        .returning(Device.id)
    )
    if removed.one_or_none() is None:
        raise NotFoundError("device")


def end_unregistered_device(device_id: UUID, fcm_token: str, *, now: datetime) -> None:
    """End a device whose token FCM does not know any more, or whose push service does not know the browser.

    One that was registered anew with another token stays.
    """
    open_session().execute(
        update(Device)
        .where(Device.id == device_id, Device.fcm_token == fcm_token, Device.ended_at.is_(None))
        .values(ended_at=now, end_cause="unregistered")
    )


def end_devices_of_sessions(session_ids: Sequence[UUID], *, now: datetime) -> None:
    """End the devices that were registered in sign-ins which are over."""
    open_session().execute(
        update(Device)
        .where(Device.session_id.in_(session_ids), Device.ended_at.is_(None))
        .values(ended_at=now, end_cause="signed_out")
    )


def end_devices_of_user(user_id: UUID, *, now: datetime) -> None:
    """End all devices of a person who signed out everywhere."""
    open_session().execute(
        update(Device)
        .where(Device.user_id == user_id, Device.ended_at.is_(None))
        .values(ended_at=now, end_cause="signed_out")
    )


def _end_oldest(user_id: UUID, now: datetime) -> None:
    """End the devices beyond the largest number, those that were seen longest ago first."""
    # Rows that just change hands are skipped: two people who swap devices would wait for each other.
    beyond = (
        select(Device.id)
        .where(Device.user_id == user_id, Device.ended_at.is_(None))
        .order_by(Device.seen_at.desc(), Device.id.desc())
        .offset(MOST_DEVICES)
        .with_for_update(skip_locked=True)
    )
    oldest = open_session().scalars(beyond).all()
    open_session().execute(update(Device).where(Device.id.in_(oldest)).values(ended_at=now, end_cause="too_many"))
