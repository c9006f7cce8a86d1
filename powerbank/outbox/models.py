"""The outbox: one row for each durable job is the truth about it. Redis only carries the news.

open ──claimed, effects committed──► done
  ├──failed, tries left────────────► open again, later
  └──out of tries, expired, refused► dead ──requeued by staff──► open
"""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from powerbank.base.db import Base, Id


class State(StrEnum):
    OPEN = "open"
    DONE = "done"
    DEAD = "dead"


class Cause(StrEnum):
    """Why a job died."""

    OUT_OF_RETRIES = "out_of_retries"
    EXPIRED = "expired"
    REFUSED = "refused"  # its body said that repeating cannot help
    UNDELIVERABLE = "undeliverable"  # no such job any more, or arguments that it does not take
    CRASHED = "crashed"  # took its worker down again and again
    DISCARDED = "discarded"  # staff put it aside
    # A slot of the schedule whose work a later slot does, or was to do and failed too; or a job that nobody wants late.
    MISSED = "missed"


SETTLED = (Cause.DISCARDED, Cause.MISSED)  # nobody has to decide about these


class OutboxJob(Base):
    __tablename__ = "outbox_jobs"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'done', 'dead')", name="state"),
        CheckConstraint("(state = 'open') = (finished_at IS NULL)", name="finished"),
        CheckConstraint("(state = 'dead') = (cause IS NOT NULL)", name="cause"),
        CheckConstraint("jsonb_typeof(arguments) = 'object'", name="arguments"),
        Index(
            "uq_outbox_jobs_unique_key",
            "unique_key",
            unique=True,
            postgresql_where=text("unique_key IS NOT NULL"),
        ),
        # The sweep, the monitor and staff look for these; history stays out of each index.
        Index("ix_outbox_jobs_open", "lease_until", postgresql_where=text("state = 'open'")),
        Index("ix_outbox_jobs_claimed", "claimed_by", postgresql_where=text("claimed_by IS NOT NULL")),
        Index(
            "ix_outbox_jobs_expiring",
            "expires_at",
            postgresql_where=text("state = 'open' AND expires_at IS NOT NULL"),
        ),
        Index(
            "ix_outbox_jobs_dead",
            text("finished_at DESC"),
            text("id DESC"),
            postgresql_where=text("state = 'dead'"),
        ),
        Index("ix_outbox_jobs_done", "finished_at", postgresql_where=text("state = 'done'")),
    )

    id: Mapped[Id]
    job: Mapped[str]
    queue: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default=State.OPEN)
    unique_key: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    run_after: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime | None]
    # When the sweep may take the row for stranded: never pushed, lost with Redis, or dropped by a dead worker.
    lease_until: Mapped[datetime]
    deliveries: Mapped[int] = mapped_column(server_default="1")
    failures: Mapped[int] = mapped_column(server_default="0")
    crashes: Mapped[int] = mapped_column(server_default="0")
    # A vendor job's run: `worker/message` of the one that works on it,
    # until the lease ends or the worker's heartbeat does.
    claimed_by: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    cause: Mapped[str | None]
    last_error: Mapped[str | None]
    request_id: Mapped[str | None]
    traceparent: Mapped[str | None]  # of the span that asked for it, where traces are kept

    # For people to look at, and read only then.
    tries: Mapped[list["OutboxTry"]] = relationship(viewonly=True, order_by="OutboxTry.number")
    steps: Mapped[list["OutboxStep"]] = relationship(viewonly=True, order_by="OutboxStep.started_at")

    @property
    def outcome(self) -> str:
        """Give the cause of a closed job, or what an open one does: run, wait for its next try or for its time."""
        if self.state != State.OPEN:
            return self.cause or self.state
        if self.claimed_by is not None:
            return "running"
        return "retrying" if self.failures or self.crashes else "waiting"


class OutboxTry(Base):
    """A run of a job that failed. The one that succeeds is the row's own end."""

    __tablename__ = "outbox_tries"

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbox_jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    failed_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    error: Mapped[str]
    next_at: Mapped[datetime | None]  # none: it was the last


class OutboxStep(Base):
    """A vendor call of a job: `started` is committed before the call, `result` after it."""

    __tablename__ = "outbox_steps"

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbox_jobs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]
