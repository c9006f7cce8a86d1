"""The tables of notices and devices of staff."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of
from powerbank.notifications.models import Platform


class StaffNotice(Base):
    """A notice to staff: one row for all of them. The text is made when it is read, in the language of the reader.

    Who sees it follows from its type and from the role of the reader, so a new member finds what is open.
    """

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
    """A member of staff has read a notice."""

    __tablename__ = "staff_notice_reads"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(
        ForeignKey("staff_notices.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    read_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class StaffDevice(Base):
    """A device on which a member of staff gets pushes, while the sign-in that registered it lasts."""

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
