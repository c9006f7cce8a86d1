"""Which staff are to be told of something: those whose role has the permission."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import GRANTED
from powerbank.base.db import db, utcnow
from powerbank.notifications.staff.models import StaffDevice
from powerbank.notifications.staff.services import Member


def members(permission: str) -> list[Member]:
    roles = [role.value for role in GRANTED[permission]]
    found = db.session.execute(
        select(StaffMember.id, StaffMember.email, StaffMember.language)
        .where(StaffMember.role.in_(roles), StaffMember.active)
        .order_by(StaffMember.id)
    ).all()
    devices = _devices([row.id for row in found])
    return [Member(row.id, row.email, row.language, devices[row.id]) for row in found]


def _devices(staff_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, str]]:
    """Of each the tokens of the devices on which they are signed in still."""
    query = staff_sessions.devices_signed_in(now=utcnow()).where(StaffDevice.staff_id.in_(staff_ids))
    tokens: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for device in db.session.scalars(query.order_by(StaffDevice.id)):
        tokens[device.staff_id][device.id] = device.fcm_token
    return tokens
