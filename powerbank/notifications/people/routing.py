"""Where a notice goes, and when: what the kind's rule says, what its reader has switched off, whether it is night,
and how many of the kind there were already."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base.db import open_session
from powerbank.notifications.models import IN_APP, Channel, Delivery, DeliveryStatus, Notice
from powerbank.notifications.people import quiet_hours
from powerbank.notifications.people.kinds import RULES, Type
from powerbank.notifications.people.readers import Reader
from powerbank.notifications.templates import rules

HOUR = timedelta(hours=1)
WAKING = frozenset({Channel.PUSH, Channel.SMS})
SPREAD = 600  # seconds after the night over which what waited goes out


@dataclass(frozen=True)
class Route:
    in_app: bool
    channels: frozenset[Channel]
    night_ends: datetime | None  # what would wake somebody waits until then


def subject(notice: Notice) -> Type:
    """A digest is treated as those are that it stands for."""
    return Type(notice.context["of"]) if notice.type == Type.DIGEST else Type(notice.type)


def route(notice: Notice, reader: Reader, *, now: datetime) -> Route:
    kind = subject(notice)
    chosen = rules.chosen(kind, reader.chosen)
    channels = frozenset(channel for channel in chosen if channel.value not in reader.muted)
    night_ends = None if RULES[kind].urgent else quiet_hours.until(now)
    in_app = IN_APP not in reader.muted and notice.type != Type.DIGEST
    return Route(in_app, channels, night_ends)


def release_time(delivery_id: UUID, channel: Channel, night_ends: datetime | None) -> datetime | None:
    """A little after the night, at a moment of its own: what a whole city waits for does not leave in one second."""
    if night_ends is None or channel not in WAKING:
        return None
    return night_ends + timedelta(seconds=delivery_id.int % SPREAD)


def digest_time(notice: Notice, *, now: datetime, night_ends: datetime | None) -> datetime | None:
    """When the channels are told of this and others at once, if this one is beyond what a person gets of a kind in an
    hour, or the second that waits for the morning."""
    if notice.type == Type.DIGEST:
        return None
    user_id, kind = notice.user_id, Type(notice.type)
    session = open_session()
    # Two of a kind at once: the second counts the first.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{user_id}:{kind}", 0))))
    mine = (Delivery.user_id == user_id, Delivery.type == kind.value, Delivery.notice_id.is_not(None))
    recent = session.scalar(
        select(func.count(Delivery.notice_id.distinct())).where(*mine, Delivery.created_at > now - HOUR)
    )
    if (recent or 0) >= RULES[kind].per_hour:
        return max(now + HOUR, night_ends or now)
    if night_ends is not None:
        waits = select(Delivery.id).where(*mine, Delivery.status == DeliveryStatus.QUEUED, Delivery.attempts == 0)
        if session.scalar(waits.where(Delivery.channel.in_([channel.value for channel in WAKING])).limit(1)):
            return night_ends
    return None
