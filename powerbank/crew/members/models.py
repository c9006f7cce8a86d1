"""The people of the crew, and the places that they share while they work."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from powerbank.base.db import Base, Id


class Member(Base):
    """A person whom staff made a member of the crew. Who leaves stays in the table: what they did and earned stays."""

    __tablename__ = "crew_members"
    __table_args__ = (
        UniqueConstraint("user_id"),
        CheckConstraint("active = (ended_at IS NULL)", name="ended"),
        Index("ix_crew_members_active", "id", postgresql_where=text("active")),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    # Cities whose stations the member works at, in small letters. None: all of them.
    zones: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    pay_plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("crew_pay_plans.id"))
    warehouse_id: Mapped[UUID | None] = mapped_column(ForeignKey("warehouses.id"))  # where they hand in, unless said
    timezone: Mapped[str] = mapped_column(server_default="Asia/Kathmandu")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    ended_at: Mapped[datetime | None]


class MemberPlace(Base):
    """Where a member was during a shift, as their phone said while they shared it. Deleted after 30 days."""

    __tablename__ = "crew_places"
    __table_args__ = (
        Index("ix_crew_places_member_id", "member_id", "id"),
        CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="point"),
        CheckConstraint("accuracy >= 0", name="accuracy"),
    )

    id: Mapped[Id]
    member_id: Mapped[UUID] = mapped_column(ForeignKey("crew_members.id"))
    shift_id: Mapped[UUID] = mapped_column(ForeignKey("crew_shifts.id"))
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    lat: Mapped[float]
    lng: Mapped[float]
    accuracy: Mapped[float | None]
