"""The delivery plan of a notice: on which channels it goes, and when.

It follows from the rule of its type, from what its reader has switched off, from the night, and from how many notices
of the type there were already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text

from powerbank.base.db import open_session
from powerbank.notifications.models import IN_APP, Channel, Delivery, DeliveryStatus, Notice
from powerbank.notifications.people import quiet_hours
from powerbank.notifications.people.notice_types import ALWAYS, RULES, NoticeType
from powerbank.notifications.templates import rules
from powerbank.users.models import IdentifierKind

HOUR = timedelta(hours=1)
WAKING = frozenset({Channel.PUSH, Channel.SMS})
SPREAD = 600  # seconds after the night over which the deliveries that waited go out

_FIND_READER = text("""
    SELECT u.id AS user_id, u.language,
           (SELECT jsonb_object_agg(i.kind, i.value) FROM user_identifiers i WHERE i.user_id = u.id) AS addresses,
           ARRAY(SELECT d.id FROM devices d WHERE d.user_id = u.id AND d.ended_at IS NULL ORDER BY d.id) AS devices,
           ARRAY(SELECT m.place FROM notification_mutes m WHERE m.user_id = u.id AND m."group" = :group) AS muted,
           (SELECT r.channels FROM notification_rules r WHERE r.type = :type) AS chosen,
           EXISTS (SELECT FROM message_templates t WHERE t.type = :type AND t.channel = :place
                      AND t.language = u.language AND t.active) AS has_template
      FROM users u WHERE u.id = :user_id AND u.deleted_at IS NULL
""")


class Reader(NamedTuple):
    """The person who reads a notice: all that has to be known to deliver it, found by one query."""

    user_id: UUID
    language: str
    addresses: Mapping[str, str]  # by kind: phone, e-mail
    devices: Sequence[UUID]
    muted: frozenset[str]  # places where the person does not want notices of this group
    chosen: Sequence[str] | None  # channels that staff chose for the type
    has_template: bool  # staff wrote a text of this type for the app

    def is_reached_on(self, channel: Channel) -> bool:
        """Return whether the person has a device or an address for a channel."""
        if channel is Channel.PUSH:
            return bool(self.devices)
        return (IdentifierKind.PHONE if channel is Channel.SMS else IdentifierKind.EMAIL) in self.addresses


@dataclass(frozen=True)
class DeliveryPlan:
    """Where a notice goes. Deliveries that would wake the person wait until the night ends."""

    in_app: bool
    channels: frozenset[Channel]
    night_ends: datetime | None  # None by day, for urgent notices, and where nothing goes out


def find_reader(user_id: UUID, notice_type: NoticeType) -> Reader | None:
    """Return who reads a notice of this type, or None when the account is gone."""
    group = RULES[notice_type].group
    row = (
        open_session()
        .execute(_FIND_READER, {"user_id": user_id, "type": notice_type.value, "group": group.value, "place": IN_APP})
        .one_or_none()
    )
    if row is None:
        return None
    muted = frozenset[str]() if group in ALWAYS else frozenset(row.muted)
    return Reader(row.user_id, row.language, row.addresses or {}, row.devices, muted, row.chosen, row.has_template)


def subject_of_notice(notice: Notice) -> NoticeType:
    """Return the type whose rule counts. A digest follows the rule of the notices that it stands for."""
    return NoticeType(notice.context["of"]) if notice.type == NoticeType.DIGEST else NoticeType(notice.type)


def plan_delivery(notice: Notice, reader: Reader, *, now: datetime) -> DeliveryPlan:
    """Return the plan of a notice as it is now."""
    notice_type = subject_of_notice(notice)
    chosen = rules.effective_channels(notice_type, reader.chosen)
    channels = frozenset(
        channel for channel in chosen if channel.value not in reader.muted and reader.is_reached_on(channel)
    )
    # Where nothing goes out, nobody needs to know whether it is night.
    night_ends = quiet_hours.end_of_night(now) if channels and not RULES[notice_type].urgent else None
    in_app = IN_APP not in reader.muted and notice.type != NoticeType.DIGEST
    return DeliveryPlan(in_app, channels, night_ends)


def release_time(delivery_id: UUID, channel: Channel, night_ends: datetime | None) -> datetime | None:
    """Return when a delivery may go out, or None for at once.

    After the night each delivery has a moment of its own, so that those of a whole city do not go out in one second.
    """
    if night_ends is None or channel not in WAKING:
        return None
    return night_ends + timedelta(seconds=delivery_id.int % SPREAD)


def digest_time(notice: Notice, *, now: datetime, night_ends: datetime | None) -> datetime | None:
    """Return when a digest tells of this notice and others together, or None if the notice goes out by itself.

    A digest tells of notices beyond the number of a type that a person gets in an hour, and of a second one that waits
    for the morning.
    """
    if notice.type == NoticeType.DIGEST:
        return None
    user_id, notice_type = notice.user_id, NoticeType(notice.type)
    session = open_session()
    # Of two notices of one type at the same time, the second waits and counts the first.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{user_id}:{notice_type}", 0))))
    mine = (Delivery.user_id == user_id, Delivery.type == notice_type.value, Delivery.notice_id.is_not(None))
    recent = session.scalar(
        select(func.count(Delivery.notice_id.distinct())).where(*mine, Delivery.created_at > now - HOUR)
    )
    if (recent or 0) >= RULES[notice_type].per_hour:
        return max(now + HOUR, night_ends or now)
    if night_ends is not None:
        waits = select(Delivery.id).where(*mine, Delivery.status == DeliveryStatus.QUEUED, Delivery.attempts == 0)
        if session.scalar(waits.where(Delivery.channel.in_([channel.value for channel in WAKING])).limit(1)):
            return night_ends
    return None
