"""The tables of notices, devices and deliveries."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class Channel(StrEnum):
    PUSH = "push"
    SMS = "sms"
    EMAIL = "email"


IN_APP = "in_app"


class Platform(StrEnum):
    ANDROID = "android"
    IOS = "ios"
    WEB = "web"


class DeliveryStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"  # the vendor took it
    # The message has arrived. No vendor tells it: they only say that they took it. It is known of a one-time code
    # once somebody has typed it.
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"  # too late to be of use


class Notice(Base):
    """Something that a person is told. Without a title it has no text yet, and nobody sees it.

    A notice that its reader deleted stays hidden until it is pruned, so that the same event does not bring it back. The
    database has no list of types: types come and go with the code, and old rows keep theirs.
    """

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint("(title IS NULL) = (shown_at IS NULL)", name="shown"),
        Index("uq_notices_dedup", "user_id", "dedup_key", unique=True, postgresql_where=text("dedup_key IS NOT NULL")),
        Index("ix_notices_list", "user_id", "id"),
        Index(
            "ix_notices_unread",
            "user_id",
            "id",
            postgresql_where=text("shown_at IS NOT NULL AND deleted_at IS NULL AND read_at IS NULL"),
        ),
        Index("ix_notices_withheld", "user_id", "type", postgresql_where=text("withheld_at IS NOT NULL")),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    type: Mapped[str]
    context: Mapped[dict[str, Any]]
    dedup_key: Mapped[str | None]
    title: Mapped[str | None]
    body: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True)
    shown_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    withheld_at: Mapped[datetime | None]  # there were too many of its type, and a digest tells of it

    @classmethod
    def seen(cls) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions on notices that their reader sees. The index of unread notices has the same ones."""
        return cls.shown_at.is_not(None), cls.deleted_at.is_(None)

    @property
    def read(self) -> bool:
        return self.read_at is not None

    @property
    def data(self) -> dict[str, str]:
        """Return the context as strings, for deep links."""
        return {name: str(value) for name, value in self.context.items() if value is not None}


class Mute(Base):
    """A group of notices that a person has switched off in a place. All others are on."""

    __tablename__ = "notification_mutes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    group: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)  # a channel, or the app's own list
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Device(Base):
    """A device on which a person gets pushes. A token belongs to the person who registered it last."""

    __tablename__ = "devices"
    __table_args__ = (
        one_of("platform", Platform),
        CheckConstraint("(ended_at IS NULL) = (end_cause IS NULL)", name="ended"),
        UniqueConstraint("fcm_token"),
        Index("ix_devices_active", "user_id", "seen_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    # The sign-in that registered the device. When it ends, the pushes end too.
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id", ondelete="SET NULL"), index=True)
    fcm_token: Mapped[str]  # of a browser that uses Web Push, the address at its push service
    # The keys that a browser gave for its messages: `p256dh` and `auth`. None where pushes go through FCM.
    web_push_keys: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    platform: Mapped[str]
    app_version: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    ended_at: Mapped[datetime | None]
    end_cause: Mapped[str | None]


class Delivery(Base):
    """One message on one channel, and its outcome. The text is never kept: a code may be in it."""

    __tablename__ = "deliveries"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("status", DeliveryStatus),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("(status = 'queued') = (finished_at IS NULL)", name="finished"),
        CheckConstraint("address IS NULL OR status = 'queued'", name="address"),
        Index("ix_deliveries_user", "user_id", "id"),
        Index("ix_deliveries_device_id", "device_id", postgresql_where=text("device_id IS NOT NULL")),
        Index("ix_deliveries_staff_device_id", "staff_device_id", postgresql_where=text("staff_device_id IS NOT NULL")),
        Index("ix_deliveries_failed", "id", postgresql_where=text("status IN ('failed', 'expired')")),
        Index("ix_deliveries_staff_notice", "staff_notice_id", postgresql_where=text("staff_notice_id IS NOT NULL")),
        Index("ix_deliveries_staff_type", "type", "created_at", postgresql_where=text("staff_id IS NOT NULL")),
    )

    id: Mapped[Id]
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("notices.id", ondelete="SET NULL"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("devices.id", ondelete="SET NULL"))
    # These are set where the message goes to a member of staff.
    staff_notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_notices.id", ondelete="SET NULL"))
    staff_id: Mapped[UUID | None]
    staff_device_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_devices.id", ondelete="SET NULL"))
    type: Mapped[str]
    channel: Mapped[str]
    job_id: Mapped[UUID | None]  # the job that sends it; jobs are deleted sooner than deliveries
    # An address that is not the one of the person now. It is deleted once the message is sent.
    address: Mapped[str | None]
    masked: Mapped[str | None]  # the address as staff may see it
    status: Mapped[str] = mapped_column(server_default=DeliveryStatus.QUEUED)
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    reference: Mapped[str | None]  # the vendor's id of it
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True)
    finished_at: Mapped[datetime | None]
