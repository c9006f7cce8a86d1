"""Slots that a member of the crew opens: a station puts out one bank at a time, so the others wait here."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class OpeningStatus(StrEnum):
    WAITING = "waiting"
    EJECTING = "ejecting"
    OUT = "out"
    FAILED = "failed"
    UNKNOWN = "unknown"  # the station did not say; a later message may
    EXPIRED = "expired"  # its turn did not come in time


class Opening(Base):
    __tablename__ = "crew_openings"
    __table_args__ = (
        one_of("status", OpeningStatus),
        CheckConstraint("(status IN ('waiting', 'ejecting')) = (finished_at IS NULL)", name="finished"),
        CheckConstraint("status IN ('waiting', 'expired', 'failed') OR command_id IS NOT NULL", name="command"),
        Index(
            "uq_crew_openings_bank", "bank_id", unique=True, postgresql_where=text("status IN ('waiting', 'ejecting')")
        ),
        Index("ix_crew_openings_station_id", "station_id", "id", postgresql_where=text("status = 'waiting'")),
        Index("ix_crew_openings_command_id", "command_id", postgresql_where=text("command_id IS NOT NULL")),
        Index("ix_crew_openings_member_id", "member_id", "id"),
    )

    id: Mapped[Id]
    member_id: Mapped[UUID] = mapped_column(ForeignKey("crew_members.id"))
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("power_banks.id"))
    serial: Mapped[str]
    slot_number: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(server_default=OpeningStatus.WAITING)
    command_id: Mapped[UUID | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]
