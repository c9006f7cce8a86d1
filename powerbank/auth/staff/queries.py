"""Read members of staff, those who may do something, and where a member is signed in."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from powerbank.api.paging import page
from powerbank.auth.staff.models import StaffMember, StaffSession
from powerbank.auth.staff.roles import GRANTED
from powerbank.base.db import db, utcnow
from powerbank.base.errors import NotFoundError
from powerbank.notifications.staff.models import StaffDevice
from powerbank.notifications.staff.services import Member


def get_member(staff_id: UUID) -> StaffMember:
    member = db.session.get(StaffMember, staff_id)
    if member is None:
        raise NotFoundError("member of staff")
    return member


def find_email(staff_id: UUID) -> str | None:
    """Find how a member of staff is called. The session remembers whom it has read, so a list asks once for each."""
    member = db.session.get(StaffMember, staff_id)
    return member.email if member is not None else None


def list_members(*, role: str | None, active: bool | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of members, newest first."""
    query = select(StaffMember)
    if role is not None:
        query = query.where(StaffMember.role == role)
    if active is not None:
        query = query.where(StaffMember.active == active)
    return page(query, StaffMember.id, descending=True, limit=limit, cursor=cursor)


def list_members_with_permission(permission: str) -> list[Member]:
    """Read the members whose role has the permission, with the devices on which they are signed in."""
    roles = [role.value for role in GRANTED[permission]]
    found = db.session.execute(
        select(StaffMember.id, StaffMember.email, StaffMember.language)
        .where(StaffMember.role.in_(roles), StaffMember.active)
        .order_by(StaffMember.id)
    ).all()
    device_tokens = _find_device_tokens([row.id for row in found])
    return [Member(row.id, row.email, row.language, device_tokens[row.id]) for row in found]


def _find_device_tokens(staff_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, str]]:
    """Find the FCM token of each device on which these members are still signed in, by member and device."""
    query = select_signed_in_devices(now=utcnow()).where(StaffDevice.staff_id.in_(staff_ids))
    tokens: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for device in db.session.scalars(query.order_by(StaffDevice.id)):
        tokens[device.staff_id][device.id] = device.fcm_token
    return tokens


def list_live_sessions(staff_id: UUID, *, now: datetime, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of the sessions in which a member is signed in, newest first."""
    query = (
        select(StaffSession)
        .join(StaffMember, StaffMember.id == StaffSession.staff_id)
        .where(StaffSession.staff_id == staff_id, *live_session_conditions(now))
    )
    return page(query, StaffSession.id, descending=True, limit=limit, cursor=cursor)


def select_signed_in_devices(*, now: datetime) -> Select[Any]:
    """Select the devices of staff whose sign-in still lasts."""
    return (
        select(StaffDevice)
        .join(StaffSession, StaffSession.id == StaffDevice.session_id)
        .join(StaffMember, StaffMember.id == StaffDevice.staff_id)
        .where(StaffSession.staff_id == StaffDevice.staff_id, *live_session_conditions(now))
    )


def live_session_conditions(now: datetime) -> tuple[Any, ...]:
    return (
        StaffMember.active,
        StaffSession.generation == StaffMember.generation,
        StaffSession.ended_at.is_(None),
        StaffSession.expires_at > now,
    )
