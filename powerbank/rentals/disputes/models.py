"""The cases of rentals. A case stands beside a rental and is no status of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from powerbank.base.db import Base, Id, one_of
from powerbank.rentals.models import Rental

SYSTEM = "system"  # the records decided the case at once


class IssueType(StrEnum):
    NOT_EJECTED = "not_ejected"
    RETURNED = "returned"
    NOT_CHARGING = "not_charging"
    DAMAGED = "damaged"
    LOST = "lost"
    OTHER = "other"


class CaseStatus(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class RentalCase(Base):
    """An issue that a person reported. While it is open nothing is collected, and the meter runs on."""

    __tablename__ = "rental_cases"
    __table_args__ = (
        one_of("issue_type", IssueType),
        one_of("status", CaseStatus),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        Index("uq_rental_cases_open", "rental_id", "issue_type", unique=True, postgresql_where=text("status = 'open'")),
        Index("ix_rental_cases_rental_id", "rental_id", "id"),
        Index("ix_rental_cases_open", "id", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[Id]
    rental_id: Mapped[UUID] = mapped_column(ForeignKey("rentals.id"))
    issue_type: Mapped[str]
    description: Mapped[str | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(server_default=CaseStatus.OPEN)
    reported_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decision: Mapped[str | None]

    rental: Mapped[Rental] = relationship(viewonly=True)
