"""The tables of statements: their heads, their lines in pages, and the last number that was given."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of
from powerbank.payouts.states import PayeeKind


class StatementKind(StrEnum):
    PAYOUT = "payout"
    MONTH = "month"


class Statement(Base):
    """The head of a statement. It and its lines never change, and the digest is of all of it."""

    __tablename__ = "payout_statements"
    __table_args__ = (
        one_of("kind", StatementKind),
        one_of("payee_kind", PayeeKind),
        CheckConstraint("(kind = 'payout') = (payout_id IS NOT NULL)", name="payout"),
        CheckConstraint("(kind = 'month') = (month IS NOT NULL)", name="month"),
        CheckConstraint("closing = opening + earned - paid", name="adds_up"),
        CheckConstraint("from_number <= up_to", name="numbers"),
        Index("uq_payout_statements_sequence", "sequence", unique=True),
        Index("uq_payout_statements_payout", "payout_id", unique=True, postgresql_where=text("payout_id IS NOT NULL")),
        Index(
            "uq_payout_statements_month",
            "payee_kind",
            "payee_id",
            "month",
            unique=True,
            postgresql_where=text("month IS NOT NULL"),
        ),
        Index("ix_payout_statements_payee", "payee_kind", "payee_id", "kind", "up_to"),
    )

    id: Mapped[Id]
    sequence: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[str]
    kind: Mapped[str]
    payee_kind: Mapped[str]
    payee_id: Mapped[UUID]
    payout_id: Mapped[UUID | None] = mapped_column(ForeignKey("payouts.id"))
    month: Mapped[date | None]
    from_number: Mapped[int] = mapped_column(BigInteger)  # the postings behind this one
    up_to: Mapped[int] = mapped_column(BigInteger)
    opening: Mapped[int] = mapped_column(BigInteger)
    earned: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger)
    closing: Mapped[int] = mapped_column(BigInteger)
    totals: Mapped[dict[str, Any]]
    head: Mapped[dict[str, Any]]  # names as they were then
    lines_count: Mapped[int] = mapped_column(Integer)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class StatementPage(Base):
    """Some lines of a statement, compressed: a statement may have a hundred thousand of them."""

    __tablename__ = "payout_statement_pages"

    statement_id: Mapped[UUID] = mapped_column(ForeignKey("payout_statements.id"), primary_key=True)
    page: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class StatementCounter(Base):
    """The number that was given last. Its row is locked until the statement with it is there, so none is missing."""

    __tablename__ = "payout_statement_counters"

    name: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)
