"""The acts by which staff give or take something of worth."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, Paisa, one_of


class Act(StrEnum):
    ADJUSTMENT = "adjustment"  # a wallet or points are corrected
    POINTS_GRANT = "points_grant"  # many people get points at once
    COUPON = "coupon"  # somebody used one that gives points
    REFUND = "refund"  # a person asked for it
    RENTAL_REFUND = "rental_refund"  # a rental is given back, in part or whole
    RENTAL_CHARGE = "rental_charge"
    RENTAL_LOSS = "rental_loss"  # the replacement price is charged
    DUE_WAIVER = "due_waiver"
    ERASURE = "erasure"  # everything about a person is deleted; always two decide


class ActStatus(StrEnum):
    ALONE = "alone"  # done by one person, within what they may do in a day
    WAITING = "waiting"  # a second person has to decide
    APPROVED = "approved"  # done by two
    REJECTED = "rejected"


class StaffAct(Base):
    """What one member of staff did alone, or asked for and may not do alone. Adjustments, grants, refunds and coupons
    wait in tables of their own, and come here when one person was enough."""

    __tablename__ = "staff_acts"
    __table_args__ = (
        one_of("act", Act),
        one_of("status", ActStatus),
        CheckConstraint("worth >= 0", name="worth"),
        CheckConstraint("decided_by <> staff_id", name="two_people"),
        CheckConstraint("(status IN ('approved', 'rejected')) = (decided_by IS NOT NULL)", name="decided"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_at"),
        Index("ix_staff_acts_alone", "staff_id", "created_at", postgresql_where=text("status = 'alone'")),
        Index("ix_staff_acts_status", "status", "id"),
        Index("ix_staff_acts_about", "about_kind", "about_id"),
    )

    id: Mapped[Id]
    act: Mapped[str]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    about_kind: Mapped[str]
    about_id: Mapped[str]
    worth: Mapped[Paisa]  # points count by what they can pay
    reason: Mapped[str] = mapped_column(server_default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))  # how to do it when approved
    status: Mapped[str]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    decided_at: Mapped[datetime | None]
