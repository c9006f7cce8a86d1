"""What is read of the notices of staff. Permissions decide who sees which types."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select

from powerbank.base.db import db
from powerbank.notifications.staff.models import StaffNotice, StaffNoticeRead
from powerbank.notifications.staff.notice_types import RULES, StaffNoticeType


def notices_of_member(
    staff_id: UUID, may: Callable[[str], bool], *, unread: bool | None, type: str | None
) -> Select[StaffNotice]:
    query = select(StaffNotice).where(visible_to(may))
    if unread is not None:
        query = query.where(~read_by(staff_id) if unread else read_by(staff_id))
    return query if type is None else query.where(StaffNotice.type == type)


def visible_to(may: Callable[[str], bool]) -> ColumnElement[bool]:
    """What a member with these permissions sees."""
    return StaffNotice.type.in_([type.value for type, rule in RULES.items() if may(rule.permission)])


def read_by(staff_id: UUID) -> ColumnElement[bool]:
    return exists().where(StaffNoticeRead.notice_id == StaffNotice.id, StaffNoticeRead.staff_id == staff_id)


def reading_times(staff_id: UUID, notice_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    found = db.session.execute(
        select(StaffNoticeRead.notice_id, StaffNoticeRead.read_at).where(
            StaffNoticeRead.staff_id == staff_id, StaffNoticeRead.notice_id.in_(notice_ids)
        )
    )
    return {row.notice_id: row.read_at for row in found}


def count_unread_notices(staff_id: UUID, may: Callable[[str], bool]) -> int:
    counted = select(func.count()).select_from(StaffNotice).where(visible_to(may), ~read_by(staff_id))
    return db.session.scalar(counted) or 0


def was_staff_told(type: StaffNoticeType, about: str) -> bool:
    """Whether a notice of this type, about what has this value of the type's `once_per`, is there already."""
    found = db.session.scalar(select(StaffNotice.id).where(StaffNotice.dedup_key == f"{type}:{about}"))
    return found is not None
