"""The queries of the notices of staff. Permissions decide who sees which types."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.notifications.staff.models import StaffNotice, StaffNoticeRead
from powerbank.notifications.staff.notice_types import RULES, StaffNoticeType


def notice_page(
    staff_id: UUID,
    may: Callable[[str], bool],
    *,
    unread: bool | None,
    type: str | None,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """Return one page of the notices that a member of staff sees, newest first."""
    query = select(StaffNotice).where(visible_to(may))
    if unread is not None:
        query = query.where(~read_by(staff_id) if unread else read_by(staff_id))
    query = query if type is None else query.where(StaffNotice.type == type)
    return page(query, StaffNotice.id, descending=True, limit=limit, cursor=cursor)


def visible_to(may: Callable[[str], bool]) -> ColumnElement[bool]:
    """Return the condition on the notices that a member with these permissions sees."""
    return StaffNotice.type.in_([type.value for type, rule in RULES.items() if may(rule.permission)])


def read_by(staff_id: UUID) -> ColumnElement[bool]:
    """Return the condition on the notices that a member has read."""
    return exists().where(StaffNoticeRead.notice_id == StaffNotice.id, StaffNoticeRead.staff_id == staff_id)


def reading_times(staff_id: UUID, notice_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return when a member has read each of these notices, as far as the member has."""
    found = db.session.execute(
        select(StaffNoticeRead.notice_id, StaffNoticeRead.read_at).where(
            StaffNoticeRead.staff_id == staff_id, StaffNoticeRead.notice_id.in_(notice_ids)
        )
    )
    return {row.notice_id: row.read_at for row in found}


def count_unread_notices(staff_id: UUID, may: Callable[[str], bool]) -> int:
    """Count the notices that a member sees and has not read."""
    query = select(func.count()).select_from(StaffNotice).where(visible_to(may), ~read_by(staff_id))
    return db.session.scalar(query) or 0


def was_staff_told(type: StaffNoticeType, about: str) -> bool:
    """Tell whether staff have a notice of this type with this value of its `once_per`."""
    found = db.session.scalar(select(StaffNotice.id).where(StaffNotice.dedup_key == f"{type}:{about}"))
    return found is not None
