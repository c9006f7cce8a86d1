"""Packages: how long a power bank can be rented for how much."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, Paisa, one_of


class PaymentModel(StrEnum):
    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class Package(Base):
    __tablename__ = "packages"
    __table_args__ = (
        one_of("payment_model", PaymentModel),
        CheckConstraint("duration_minutes > 0", name="duration"),
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("(unit_minutes IS NULL) = (unit_price IS NULL)", name="unit"),
        CheckConstraint("payment_model = 'prepaid' OR unit_price IS NOT NULL", name="postpaid_unit"),
        CheckConstraint("unit_minutes > 0 AND unit_price > 0", name="unit_positive"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    duration_minutes: Mapped[int]
    price: Mapped[Paisa]
    payment_model: Mapped[str]
    unit_minutes: Mapped[int | None]
    unit_price: Mapped[Paisa | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class PackageStation(Base):
    """A package with rows here is offered at these stations only; one without is offered everywhere."""

    __tablename__ = "package_stations"
    __table_args__ = (Index("ix_package_stations_station_id", "station_id"),)

    package_id: Mapped[UUID] = mapped_column(ForeignKey("packages.id", ondelete="CASCADE"), primary_key=True)
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
