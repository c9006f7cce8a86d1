"""How the status and the stock of stations changed, and how often their pages were opened."""

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


class StockChange(Base):
    """A station began or ceased to have nothing to rent, or no free slot. `note_station_stock` writes these rows."""

    __tablename__ = "station_stock_changes"
    __table_args__ = (Index("ix_station_stock_changes_at", "at"),)

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    is_empty: Mapped[bool]
    is_full: Mapped[bool]


class PageOpens(Base):
    """How often the page behind the code of a station was opened in an hour."""

    __tablename__ = "station_page_opens"
    __table_args__ = (Index("ix_station_page_opens_hour", "hour"),)

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    opens: Mapped[int]
