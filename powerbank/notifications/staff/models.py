from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of
from powerbank.notifications.models import Platform


class StaffNotice(Base):
    """Something that staff are told: one row for all of them. Who sees it follows from its type and their role, so
    that a new member, or one with a new role, finds what is open. The words are made for each reader's language."""

    __tablename__ = "staff_notices"
    __table_args__ = (
        Index("uq_staff_notices_dedup", "dedup_key", unique=True, postgresql_where=text("dedup_key IS NOT NULL")),
        Index("ix_staff_notices_type", "type", "id"),
    )

    id: Mapped[Id]
    type: Mapped[str]
    context: Mapped[dict[str, Any]]
    dedup_key: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True)


class StaffNoticeRead(Base):
    """Who has read it."""

    __tablename__ = "staff_notice_reads"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(
        ForeignKey("staff_notices.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    read_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class StaffDevice(Base):
    """A place where a member of staff gets pushes, while the sign-in that registered it lasts."""

    __tablename__ = "staff_devices"
    __table_args__ = (one_of("platform", Platform), UniqueConstraint("fcm_token"))

    id: Mapped[Id]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("staff_sessions.id", ondelete="CASCADE"), index=True)
    fcm_token: Mapped[str]
    platform: Mapped[str]
    app_version: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
