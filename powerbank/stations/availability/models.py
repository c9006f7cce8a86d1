"""How the status of stations changed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, one_of
from powerbank.stations.models import StationStatus


class StatusChange(Base):
    """A station began to have a status. The trigger `note_station_status` of the live rows writes these rows."""

    __tablename__ = "station_status_changes"
    __table_args__ = (one_of("status", StationStatus), Index("ix_station_status_changes_at", "at"))

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    status: Mapped[str]
