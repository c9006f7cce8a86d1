from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base


class CreditAlert(Base):
    """An alert that a person has had in a window of time."""

    __tablename__ = "credit_alerts"
    __table_args__ = (
        CheckConstraint("kind IN ('low_credit', 'critical_credit', 'high_usage')", name="kind"),
        Index("ix_credit_alerts_created_at", "created_at"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
