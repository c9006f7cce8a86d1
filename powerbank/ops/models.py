from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


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


class MaintenanceKind(StrEnum):
    BACKUP = "backup"
    RESTORE_DRILL = "restore_drill"
    UPGRADE = "upgrade"
    ROLLBACK = "rollback"


class MaintenanceRun(Base):
    """What was done to a whole system, and whether it went well: each backup, restore drill, upgrade and way back. The
    programs of `scripts/manage` write it, and the metrics read it."""

    __tablename__ = "maintenance_runs"
    __table_args__ = (
        one_of("kind", MaintenanceKind),
        CheckConstraint("finished_at >= started_at", name="times"),
        Index("ix_maintenance_runs_kind_finished_at", "kind", "finished_at"),
    )

    id: Mapped[Id]
    kind: Mapped[MaintenanceKind] = mapped_column(Text)
    version: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    succeeded: Mapped[bool]
    detail: Mapped[str]
