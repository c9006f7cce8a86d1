"""Warehouses, and what was counted in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from powerbank.base.db import Base, Id


class Warehouse(Base):
    """A place where power banks lie that are in no station.

    What was registered, released or handed in without the name of a warehouse lies in the main one.
    """

    __tablename__ = "warehouses"
    __table_args__ = (
        CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="point"),
        CheckConstraint("(lat IS NULL) = (lng IS NULL)", name="whole_point"),
        CheckConstraint("active OR NOT main", name="main"),
        Index("uq_warehouses_name", func.lower(text("name")), unique=True),
        Index("uq_warehouses_main", "main", unique=True, postgresql_where=text("main")),
    )

    id: Mapped[Id]
    name: Mapped[str]
    city: Mapped[str | None]
    address: Mapped[str | None]
    lat: Mapped[float | None]
    lng: Mapped[float | None]
    main: Mapped[bool] = mapped_column(server_default=text("false"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class WarehouseCount(Base):
    """A count of a warehouse: what was expected to lie there, what was scanned, and where these differ."""

    __tablename__ = "warehouse_counts"
    __table_args__ = (Index("ix_warehouse_counts_warehouse_id", "warehouse_id", "id"),)

    id: Mapped[Id]
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouses.id"))
    counted_by: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expected: Mapped[int]
    scanned: Mapped[int]
    missing: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    surplus: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    unknown: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
