from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class GrantStatus(StrEnum):
    PENDING = "pending"  # waits for a second person
    RUNNING = "running"
    DONE = "done"
    REJECTED = "rejected"


class Grant(Base):
    """Points that staff give to many people.

    Who gets them is a list, or everybody whom the conditions fit when the grant runs; never more people than were
    counted when it was asked for.
    """

    __tablename__ = "points_grants"
    __table_args__ = (
        one_of("status", GrantStatus),
        CheckConstraint("points > 0 AND total > 0 AND awarded >= 0", name="amounts"),
        CheckConstraint("(status IN ('done', 'rejected')) = (finished_at IS NOT NULL)", name="finished"),
        CheckConstraint("decided_by <> asked_by", name="two_people"),
        Index("ix_points_grants_asked", "asked_by", "created_at"),
    )

    id: Mapped[Id]
    points: Mapped[int]
    reason: Mapped[str]
    recipients: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    city: Mapped[str | None]
    kyc_verified: Mapped[bool | None]
    status: Mapped[str]
    total: Mapped[int]  # the people who were counted when it was asked for
    awarded: Mapped[int] = mapped_column(server_default="0")
    last_awarded_user_id: Mapped[UUID | None]  # everybody up to this person has their points
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]
