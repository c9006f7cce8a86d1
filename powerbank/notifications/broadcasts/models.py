"""The table of broadcasts."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id


class BroadcastStatus(StrEnum):
    TELLING = "telling"  # its notices are being written
    PUSHING = "pushing"  # its pushes are being enqueued, not too many at a time
    DONE = "done"
    CANCELLED = "cancelled"  # whoever was told by then stays told


UNFINISHED = (BroadcastStatus.TELLING, BroadcastStatus.PUSHING)


class Broadcast(Base):
    """A message to many people. Each batch writes notices and how far it has come in one transaction.

    So a worker that dies neither repeats nor leaves out anybody.
    """

    __tablename__ = "broadcasts"
    __table_args__ = (
        CheckConstraint("status IN ('telling', 'pushing', 'done', 'cancelled')", name="status"),
        CheckConstraint("(status IN ('done', 'cancelled')) = (finished_at IS NOT NULL)", name="finished"),
        CheckConstraint("told >= 0 AND pushes >= 0", name="counts"),
    )

    id: Mapped[Id]
    title: Mapped[str]
    message: Mapped[str]
    target: Mapped[dict[str, Any]]
    push: Mapped[bool]
    status: Mapped[str] = mapped_column(server_default=BroadcastStatus.TELLING)
    total: Mapped[int]  # people of the target when it was sent
    told: Mapped[int] = mapped_column(server_default="0")
    last_told_user_id: Mapped[UUID | None]  # the last person
    pushes: Mapped[int] = mapped_column(server_default="0")
    last_pushed_device_id: Mapped[UUID | None]  # the last device
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]

    @property
    def dedup_key(self) -> str:
        return f"broadcast:{self.id}"
