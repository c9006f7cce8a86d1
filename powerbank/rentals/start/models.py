"""The tables of starts that were refused."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, Paisa


class RefusedStart(Base):
    """A start that was refused. Its id tells the time, so the newest ones are read by the primary key."""

    __tablename__ = "refused_starts"
    __table_args__ = (
        Index("ix_refused_starts_user_id", "user_id", "id"),
        Index("ix_refused_starts_station_sn", "station_sn", "id"),
        Index("ix_refused_starts_reason", "reason", "id"),
    )

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    station_sn: Mapped[str]  # as it was asked for: there may be no such station
    reason: Mapped[str]  # the code of the refusal
    value: Mapped[Paisa]  # what the package would have brought at least; 0 if there is no such package


class RefusedStartsOfDay(Base):
    """The refused starts of a day at a station, summed up when their rows are deleted."""

    __tablename__ = "refused_starts_of_days"

    day: Mapped[date] = mapped_column(primary_key=True)  # in the network's home
    station_sn: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    starts: Mapped[int]
    value: Mapped[Paisa]
