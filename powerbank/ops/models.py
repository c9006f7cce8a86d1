from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id


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
