"""The notices of staff. They follow from events, by the lines of `powerbank.subscriptions`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import new_id, open_session, utcnow
from powerbank.base.errors import NotFoundError
from powerbank.live import changes
from powerbank.notifications.delivery import services as deliveries
from powerbank.notifications.models import IN_APP, Channel, Delivery
from powerbank.notifications.staff import queries
from powerbank.notifications.staff.models import StaffNotice, StaffNoticeRead
from powerbank.notifications.staff.notice_types import RULES, StaffNoticeType
from powerbank.notifications.templates import composition, rules
from powerbank.outbox.enqueue import Scalar
from powerbank.users.identifiers import mask_contact_address
from powerbank.users.models import IdentifierKind

PER_HOUR = 10  # notices of one type on one channel


@dataclass(frozen=True)
class Member:
    """A member of staff, as far as notices need to know."""

    id: UUID
    email: str
    language: str
    devices: Mapping[UUID, str]  # tokens of the devices on which they are signed in


Directory = Callable[[str], Sequence[Member]]


def register_directory(app: Flask, members: Directory) -> None:
    """Register `members(permission)`, which returns the active staff who have it. A later domain knows them."""
    app.extensions["staff_directory"] = members


def notify_staff(*, type: StaffNoticeType, context: Mapping[str, Scalar], dedup_key: str | None = None) -> UUID | None:
    """Write a notice for all staff who have the permission of its type, and send it. None if they were told before."""
    rule = RULES[type]
    if dedup_key is None and rule.once_per is not None:
        dedup_key = f"{type}:{context.get(rule.once_per)}"
    notice_id = new_id()
    inserted = open_session().execute(
        insert(StaffNotice)
        .values(id=notice_id, type=type.value, context=dict(context), dedup_key=dedup_key)
        .on_conflict_do_nothing(index_elements=["dedup_key"], index_where=StaffNotice.dedup_key.is_not(None))
        .returning(StaffNotice.id)
    )
    if inserted.one_or_none() is None:
        return None
    changes.announce("console", kind="notice", id=notice_id)
    composition.try_templates(type, IN_APP, context)
    wanted = [channel for channel in sorted(rules.channels_of_type(type)) if _is_below_hourly_limit(type, channel)]
    if wanted:
        _send_to_members(notice_id, type, wanted, current_app.extensions["staff_directory"](rule.permission))
    return notice_id


def mark_notice(
    staff_id: UUID, may: Callable[[str], bool], notice_id: UUID, *, read: bool, now: datetime
) -> StaffNotice:
    """Mark a notice as read or unread for one member of staff, or refuse with 404."""
    session = open_session()
    notice = session.scalar(select(StaffNotice).where(StaffNotice.id == notice_id, queries.visible_to(may)))
    if notice is None:
        raise NotFoundError("notice")
    if read:
        row = {"staff_id": staff_id, "notice_id": notice_id, "read_at": now}
        session.execute(insert(StaffNoticeRead).values(row).on_conflict_do_nothing())
    else:
        session.query(StaffNoticeRead).filter_by(staff_id=staff_id, notice_id=notice_id).delete()
    return notice


def mark_all_notices(staff_id: UUID, may: Callable[[str], bool], *, now: datetime) -> int:
    """Mark all notices that a member sees as read, and return how many were unread."""
    open_ones = (
        open_session().scalars(select(StaffNotice.id).where(queries.visible_to(may), ~queries.read_by(staff_id))).all()
    )
    if open_ones:
        rows = [{"staff_id": staff_id, "notice_id": notice_id, "read_at": now} for notice_id in open_ones]
        open_session().execute(insert(StaffNoticeRead).on_conflict_do_nothing(), rows)
    return len(open_ones)


def _is_below_hourly_limit(type: StaffNoticeType, channel: Channel) -> bool:
    """Tell whether fewer notices of a type than the limit went out on a channel in the last hour.

    The console shows the others, so that a hundred stations that go offline together are not a hundred e-mails.
    """
    sent = select(func.count(Delivery.staff_notice_id.distinct())).where(
        Delivery.staff_notice_id.is_not(None),
        Delivery.staff_id.is_not(None),
        Delivery.type == type.value,
        Delivery.channel == channel,
        Delivery.created_at > utcnow() - timedelta(hours=1),
    )
    return (open_session().scalar(sent) or 0) < PER_HOUR


def _send_to_members(
    notice_id: UUID, type: StaffNoticeType, channels: Sequence[Channel], members: Sequence[Member]
) -> None:
    for member in members:
        for channel in channels:
            for to in _addresses_of_member(member, channel):
                delivery = Delivery(
                    staff_notice_id=notice_id, staff_id=member.id, type=type.value, channel=channel, attempts=0, **to
                )
                open_session().add(delivery)
                deliveries.enqueue_delivery(delivery)


def _addresses_of_member(member: Member, channel: Channel) -> list[dict[str, Any]]:
    if channel is Channel.PUSH:
        return [{"staff_device_id": device_id} for device_id in member.devices]
    return [{"masked": mask_contact_address(IdentifierKind.EMAIL, member.email)}]


def show_notices(notices: Sequence[StaffNotice], *, staff_id: UUID, language: str) -> list[dict[str, Any]]:
    """Return notices as the API and the console show them to a member, in a language."""
    read = queries.reading_times(staff_id, [notice.id for notice in notices])
    texts = composition.compose_texts(
        IN_APP, language, [(StaffNoticeType(notice.type), notice.context) for notice in notices]
    )
    items = []
    for notice, text in zip(notices, texts, strict=True):
        items.append(
            {
                "id": notice.id,
                "type": notice.type,
                "title": text.title,
                "body": text.body,
                "data": {name: str(value) for name, value in notice.context.items() if value is not None},
                "read_at": read.get(notice.id),
                "created_at": notice.created_at,
            }
        )
    return items
