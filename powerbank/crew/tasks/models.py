"""What is to be done at stations, what happened to each task, and the prints of photos that proved one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import Text

from powerbank.base.db import Base, Id, Paisa, one_of
from powerbank.crew.tasks.states import TaskKind, TaskSource, TaskStatus
from powerbank.stations.models import Station

_UNFINISHED = "status IN ('open', 'claimed', 'begun', 'to_verify')"


class Task(Base):
    """Something to be done at a station. A station has at most one of each kind that is not over."""

    __tablename__ = "crew_tasks"
    __table_args__ = (
        one_of("kind", TaskKind),
        one_of("source", TaskSource),
        one_of("status", TaskStatus),
        CheckConstraint("bring >= 0 AND take >= 0 AND loss >= 0", name="amounts"),
        CheckConstraint(
            "status NOT IN ('claimed', 'begun', 'to_verify', 'done', 'rejected') OR claimed_by IS NOT NULL",
            name="claimed_by",
        ),
        CheckConstraint("status <> 'open' OR claimed_by IS NULL", name="open"),
        CheckConstraint("(status = 'claimed') = (claimed_until IS NOT NULL)", name="claimed_until"),
        CheckConstraint(
            "(status IN ('done', 'not_needed', 'rejected', 'cancelled')) = (closed_at IS NOT NULL)", name="closed"
        ),
        Index("uq_crew_tasks_unfinished", "station_id", "kind", unique=True, postgresql_where=text(_UNFINISHED)),
        Index("ix_crew_tasks_status", "status", "id"),
        Index("ix_crew_tasks_rank", "rank", "id", postgresql_where=text(_UNFINISHED)),
        Index("ix_crew_tasks_station_id", "station_id", "id"),
        Index("ix_crew_tasks_kind", "kind", "id"),
        Index("ix_crew_tasks_claimed_by", "claimed_by", "id", postgresql_where=text("claimed_by IS NOT NULL")),
        Index("ix_crew_tasks_closed_at", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        Index("ix_crew_tasks_claimed_until", "claimed_until", postgresql_where=text("status = 'claimed'")),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[Id]
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))
    kind: Mapped[str]
    source: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=TaskStatus.OPEN)
    bring: Mapped[int] = mapped_column(SmallInteger, server_default="0")  # charged banks that the station wants
    take: Mapped[int] = mapped_column(SmallInteger, server_default="0")  # banks that it is to lose
    serials: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))  # the banks that it is about
    slots: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default=text("'{}'"))
    note: Mapped[str | None]
    loss: Mapped[Paisa] = mapped_column(server_default="0")  # fares that the station loses an hour meanwhile
    # The loss, and a rupee more for each hour of age: what is greater comes first. As it stands it never has to be
    # written again, since all tasks grow older together.
    rank: Mapped[int] = mapped_column(BigInteger)
    claimed_by: Mapped[UUID | None] = mapped_column(ForeignKey("crew_members.id"))
    claimed_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    begun_at: Mapped[datetime | None]
    last_moved_at: Mapped[datetime | None]  # when the member last moved a bank here
    brought: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    taken: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    proof: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    reason: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    version: Mapped[int] = mapped_column(Integer, server_default="1")

    station: Mapped[Station] = relationship(lazy="joined", innerjoin=True, viewonly=True)

    @property
    def station_sn(self) -> str:
        return self.station.sn


class TaskEvent(Base):
    """What happened to a task: rows are only ever added, and deleted when the task is long over."""

    __tablename__ = "crew_task_events"
    __table_args__ = (
        Index("ix_crew_task_events_task_id", "task_id", "id"),
        Index("ix_crew_task_events_event", "event", "at"),
    )

    id: Mapped[Id]
    task_id: Mapped[UUID] = mapped_column(ForeignKey("crew_tasks.id"))
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    event: Mapped[str]
    by: Mapped[str]  # crew:…, staff:…, or the part of the service that did it
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("crew_members.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class PhotoPrint(Base):
    """The print of a photo that proved a task. A photo that looks like it proves no other task."""

    __tablename__ = "crew_photo_prints"
    __table_args__ = (
        UniqueConstraint("task_id", "print"),
        Index("ix_crew_photo_prints_bands", "bands", postgresql_using="gin"),
    )

    id: Mapped[Id]
    task_id: Mapped[UUID] = mapped_column(ForeignKey("crew_tasks.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("crew_members.id"))
    print: Mapped[int] = mapped_column(BigInteger)
    bands: Mapped[list[int]] = mapped_column(ARRAY(Integer))  # the four parts of the print, each with its number
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
