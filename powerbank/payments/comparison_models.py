from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.db import Base


class SettlementCheck(Base):
    """A night's comparison of what gateways have with what we booked."""

    __tablename__ = "settlement_checks"

    id: Mapped[UUID] = mapped_column(primary_key=True)  # the job's
    started_at: Mapped[datetime] = mapped_column(index=True)
    since: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    checked: Mapped[int] = mapped_column(server_default="0")
    unanswered: Mapped[int] = mapped_column(server_default="0")
    differences: Mapped[int] = mapped_column(server_default="0")
    found: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))  # the first few
