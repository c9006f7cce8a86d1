from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id


class QueueSample(Base):
    """How many jobs waited in a queue at a minute, and since when the oldest of them did."""

    __tablename__ = "queue_samples"
    __table_args__ = (
        CheckConstraint("waiting >= 0 AND oldest_age_s >= 0", name="counts"),
        Index("ix_queue_samples_at", "at"),
    )

    queue: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    waiting: Mapped[int]
    oldest_age_s: Mapped[int]


class Alert(Base):
    """A problem that staff should look at. It is raised once, and cleared when it is over."""

    __tablename__ = "ops_alerts"
    __table_args__ = (Index("uq_ops_alerts_open", "key", unique=True, postgresql_where=text("cleared_at IS NULL")),)

    id: Mapped[Id]
    key: Mapped[str]
    kind: Mapped[str]
    detail: Mapped[str]
    raised_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    cleared_at: Mapped[datetime | None]
