"""Which staff are to be told of something: those whose role has the permission."""

from sqlalchemy import select

from powerbank.auth.models import StaffMember
from powerbank.auth.roles import GRANTED
from powerbank.db import db
from powerbank.notifications.staff import Member


def members(permission: str) -> list[Member]:
    roles = [role.value for role in GRANTED[permission]]
    found = db.session.execute(
        select(StaffMember.id, StaffMember.email, StaffMember.language)
        .where(StaffMember.role.in_(roles), StaffMember.active)
        .order_by(StaffMember.id)
    )
    return [Member(row.id, row.email, row.language) for row in found]
