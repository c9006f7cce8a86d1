"""The tables of what is expected, of how well that went, and of what was lost."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, REAL
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id


class StationDemand(Base):
    """What people want of a station in each hour of the week, the first of which begins on Monday at midnight."""

    __tablename__ = "station_demand"

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    rentals: Mapped[list[float]] = mapped_column(ARRAY(REAL))
    returns: Mapped[list[float]] = mapped_column(ARRAY(REAL))
    fare: Mapped[int] = mapped_column(BigInteger)  # what a rental from here brings on average, in paisa
    made_for: Mapped[date]  # the first day that it says something of: all days before it are in it


class ForecastScore(Base):
    """How far the rentals of a day were from what was expected, over all stations and hours."""

    __tablename__ = "forecast_scores"

    day: Mapped[date] = mapped_column(primary_key=True)
    hours: Mapped[int]
    rentals: Mapped[int]
    error: Mapped[float] = mapped_column(REAL)
    naive_error: Mapped[float] = mapped_column(REAL)  # of expecting what the same hour of last week had


class PublicHoliday(Base):
    """A day on which people rent as they do on another weekday."""

    __tablename__ = "public_holidays"
    __table_args__ = (UniqueConstraint("day"), CheckConstraint("like_weekday BETWEEN 1 AND 7", name="like_weekday"))

    id: Mapped[Id]
    day: Mapped[date]
    name: Mapped[str]
    name_ne: Mapped[str]
    like_weekday: Mapped[int] = mapped_column(SmallInteger, server_default="6")  # Monday is 1; Saturday is the day off


class StationLoss(Base):
    """What a station lost in an hour, as far as it can be told. Hours in which nothing was lost have no row."""

    __tablename__ = "station_losses"
    __table_args__ = (PrimaryKeyConstraint("station_id", "at"), Index("ix_station_losses_at", "at"))

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    lost_empty: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    lost_full: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    lost_offline: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    lost_failed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
