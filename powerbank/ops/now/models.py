"""The table of stocks."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Paisa


class HourlyStock(Base):
    """What there was at a full hour, which nothing tells later: rows that are open then are closed afterwards."""

    __tablename__ = "hourly_stocks"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    open_rentals: Mapped[int]
    overdue_rentals: Mapped[int]
    banks_out: Mapped[int]
    stations_away: Mapped[int]
    dues: Mapped[Paisa]
