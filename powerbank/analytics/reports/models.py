"""The tables of reports, and of who gets them by mail."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class ReportKind(StrEnum):
    OPERATIONS = "operations"
    NETWORK = "network"
    FINANCE = "finance"


class Length(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Format(StrEnum):
    PDF = "pdf"
    CSV = "csv"
    XLSX = "xlsx"


class Report(Base):
    """A report as it was when it was made. Every format says the same, because all are written from its content."""

    __tablename__ = "reports"
    __table_args__ = (
        one_of("kind", ReportKind),
        one_of("length", Length),
        CheckConstraint("starts_on <= ends_on", name="days"),
        UniqueConstraint("kind", "starts_on", "ends_on"),
        Index("ix_reports_ends_on", "ends_on", "id"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    length: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class PartnerReport(Base):
    """A partner's report of a month, of its stations on the days of its agreements."""

    __tablename__ = "partner_reports"
    __table_args__ = (
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        UniqueConstraint("partner_id", "month"),
    )

    id: Mapped[Id]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    month: Mapped[date]  # its first day
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    mailed_at: Mapped[datetime | None]

    kind = "partner"


class ReportSubscription(Base):
    """A member of staff gets each report of a kind by mail."""

    __tablename__ = "report_subscriptions"
    __table_args__ = (one_of("kind", ReportKind), one_of("length", Length), one_of("format", Format))

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    length: Mapped[str] = mapped_column(primary_key=True)
    format: Mapped[str]
