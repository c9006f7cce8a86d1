from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class Outcome(StrEnum):
    AGREES = "agrees"
    DIFFERS = "differs"
    UNANSWERED = "unanswered"  # the gateway did not say, or not in time: tomorrow it is asked again


class SettlementCheck(Base):
    """A night's comparison of what gateways have with what we booked."""

    __tablename__ = "settlement_checks"
    __table_args__ = (
        # Only one is open at a time, so the job of a lane need not be told which one it works for.
        Index(
            "uq_settlement_checks_open",
            text("(finished_at IS NULL)"),
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    started_at: Mapped[datetime] = mapped_column(index=True)
    since: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    total: Mapped[int] = mapped_column(server_default="0")
    checked: Mapped[int] = mapped_column(server_default="0")
    unanswered: Mapped[int] = mapped_column(server_default="0")
    differences: Mapped[int] = mapped_column(server_default="0")


class SettlementComparison(Base):
    """One payment of a check: it is still to be compared, or holds what was found."""

    __tablename__ = "settlement_comparisons"
    __table_args__ = (
        one_of("outcome", Outcome),
        CheckConstraint("(outcome IS NULL) = (compared_at IS NULL)", name="compared"),
        CheckConstraint("(outcome IS NOT DISTINCT FROM 'differs') = (what IS NOT NULL)", name="what"),
        Index(
            "ix_settlement_comparisons_waiting",
            "gateway",
            "lane",
            "tries",
            "intent_id",
            postgresql_where=text("outcome IS NULL"),
        ),
        Index(
            "ix_settlement_comparisons_differences",
            "check_id",
            "intent_id",
            postgresql_where=text("outcome = 'differs'"),
        ),
    )

    check_id: Mapped[UUID] = mapped_column(ForeignKey("settlement_checks.id", ondelete="CASCADE"), primary_key=True)
    intent_id: Mapped[UUID] = mapped_column(ForeignKey("payment_intents.id"), primary_key=True)
    gateway: Mapped[str]
    lane: Mapped[int] = mapped_column(SmallInteger)
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    outcome: Mapped[str | None]
    compared_at: Mapped[datetime | None]
    what: Mapped[str | None]  # of those that differ
    ours: Mapped[str | None]
    theirs: Mapped[str | None]
