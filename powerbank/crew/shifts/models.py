"""Shifts of the crew, and the breaks inside them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class EndedBy(StrEnum):
    MEMBER = "member"
    STAFF = "staff"
    TIME = "time"  # nobody ended it, and it had lasted for too long


class Shift(Base):
    __tablename__ = "crew_shifts"
    __table_args__ = (
        one_of("ended_by", EndedBy),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        CheckConstraint("ended_at >= started_at AND active_at >= started_at", name="order"),
        Index("uq_crew_shifts_open", "member_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_crew_shifts_open", "started_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_crew_shifts_member_id", "member_id", "id"),
    )

    id: Mapped[Id]
    member_id: Mapped[UUID] = mapped_column(ForeignKey("crew_members.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    # The last thing that the member did in it. A shift that nobody ended is paid up to here.
    active_at: Mapped[datetime]


class Break(Base):
    """A break. One that lasts over midnight is two rows, so that each day has its part."""

    __tablename__ = "crew_breaks"
    __table_args__ = (
        CheckConstraint("ended_at >= started_at", name="order"),
        Index("uq_crew_breaks_open", "member_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_crew_breaks_member_id", "member_id", "started_at"),
        Index("ix_crew_breaks_shift_id", "shift_id"),
    )

    id: Mapped[Id]
    shift_id: Mapped[UUID] = mapped_column(ForeignKey("crew_shifts.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("crew_members.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
