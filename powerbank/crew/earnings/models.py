"""Pay plans, and what each member of the crew has earned."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, Paisa, one_of


class EarningKind(StrEnum):
    TASK = "task"
    SHIFT = "shift"
    REVERSAL = "reversal"  # staff rejected the work


class PayPlan(Base):
    """What work is paid: a task by its kind, each bank moved, each hour of a shift, more where it is urgent."""

    __tablename__ = "crew_pay_plans"
    __table_args__ = (
        CheckConstraint("per_bank >= 0 AND per_hour >= 0", name="amounts"),
        CheckConstraint("surge_most BETWEEN 100 AND 250", name="surge_most"),
        CheckConstraint("0 <= surge_from AND surge_from < surge_full", name="surge"),
        Index("uq_crew_pay_plans_name", func.lower(text("name")), unique=True),
        Index("uq_crew_pay_plans_standard", "standard", unique=True, postgresql_where=text("standard")),
    )

    id: Mapped[Id]
    name: Mapped[str]
    standard: Mapped[bool] = mapped_column(server_default=text("false"))  # of members who have no other
    per_task: Mapped[dict[str, Any]]  # paisa by kind
    per_bank: Mapped[Paisa]
    per_hour: Mapped[Paisa]
    surge_most: Mapped[int] = mapped_column(SmallInteger, server_default="100")  # hundredths
    surge_from: Mapped[Paisa] = mapped_column(server_default="0")  # the priority at which it begins
    surge_full: Mapped[Paisa] = mapped_column(server_default="50000")  # and from which it is the most
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Earning(Base):
    """What a member earned by a task or a shift, or lost again. The database has one row of each, so all is paid once.

    `entry_id` is the entry of the ledger that booked it; what is worth nothing has none.
    """

    __tablename__ = "crew_earnings"
    __table_args__ = (
        one_of("kind", EarningKind),
        CheckConstraint("(kind = 'shift') = (shift_id IS NOT NULL)", name="shift"),
        CheckConstraint("(kind = 'shift') = (task_id IS NULL)", name="task"),
        CheckConstraint("CASE WHEN kind = 'reversal' THEN amount <= 0 ELSE amount >= 0 END", name="amount"),
        CheckConstraint("(amount = 0) = (entry_id IS NULL)", name="entry"),
        Index("uq_crew_earnings_task", "task_id", "kind", unique=True, postgresql_where=text("task_id IS NOT NULL")),
        Index("uq_crew_earnings_shift", "shift_id", unique=True, postgresql_where=text("shift_id IS NOT NULL")),
        Index("ix_crew_earnings_member_id", "member_id", "id", postgresql_include=["amount"]),
        Index("ix_crew_earnings_member_at", "member_id", "at"),
        Index("ix_crew_earnings_entry_id", "entry_id", postgresql_where=text("entry_id IS NOT NULL")),
    )

    id: Mapped[Id]
    member_id: Mapped[UUID] = mapped_column(ForeignKey("crew_members.id"))
    kind: Mapped[str]
    task_id: Mapped[UUID | None] = mapped_column(ForeignKey("crew_tasks.id"))
    shift_id: Mapped[UUID | None] = mapped_column(ForeignKey("crew_shifts.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"))
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
