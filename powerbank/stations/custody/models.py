"""Power banks, the places where each of them is and was, reservations, and discrepancies."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, column_property, mapped_column

from powerbank.base.db import Base, Id, one_of
from powerbank.stations.models import Station
from powerbank.stations.warehouses.models import Warehouse


class Place(StrEnum):
    SLOT = "slot"
    USER = "user"
    CREW = "crew"
    WAREHOUSE = "warehouse"
    QUARANTINED = "quarantined"
    LOST = "lost"


@dataclass(frozen=True)
class Whereabouts:
    """A place, with what tells it from others of its kind."""

    place: Place
    station_id: UUID | None = None
    slot_number: int | None = None
    rental_id: UUID | None = None
    holder: str | None = None


class Health(StrEnum):
    GOOD = "good"
    FAULTY = "faulty"


class DiscrepancyKind(StrEnum):
    BANK_MISSING = "bank_missing"  # the database has it in this slot, the station does not
    BANK_ELSEWHERE = "bank_elsewhere"  # it sits here, the database has it somewhere else
    UNKNOWN_SERIAL = "unknown_serial"


class PowerBank(Base):
    __tablename__ = "power_banks"
    __table_args__ = (
        one_of("health", Health),
        CheckConstraint("cycles >= 0", name="cycles"),
        CheckConstraint("serial ~ '^[A-Za-z0-9._-]{1,64}$'", name="serial"),
        UniqueConstraint("serial"),
        # Staff find a power bank by the beginning of its serial, whatever the case.
        Index(
            "ix_power_banks_serial_prefix",
            func.lower(text("serial")).label("beginning"),
            postgresql_ops={"beginning": "text_pattern_ops"},
        ),
        Index("ix_power_banks_faulty", "id", postgresql_where=text("health = 'faulty'")),
        Index("ix_power_banks_held", "id", postgresql_where=text("quarantine_reason IS NOT NULL OR doubt IS NOT NULL")),
    )

    id: Mapped[Id]
    serial: Mapped[str]
    model: Mapped[str | None]
    health: Mapped[str] = mapped_column(server_default=Health.GOOD)
    cycles: Mapped[int] = mapped_column(server_default="0")
    quarantine_reason: Mapped[str | None]  # given: never rented out, wherever it is
    # Why nobody knows where it is, after an ejection: not rented out until a snapshot or staff say where it is.
    doubt: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Custody(Base):
    """One stay of a bank at one place. Rows are only ever added, and a row is closed when the next one begins.

    PostgreSQL ensures that no two stays of a bank overlap and that there is no gap between two (trigger
    `custody_timeline`), so that at any time a bank is in exactly one place.
    """

    __tablename__ = "custody"
    __table_args__ = (
        one_of("place", Place),
        CheckConstraint("(place = 'slot') = (station_id IS NOT NULL AND slot_number IS NOT NULL)", name="slot"),
        CheckConstraint("(place = 'user') = (rental_id IS NOT NULL)", name="rental"),
        CheckConstraint("NOT isempty(period) AND NOT lower_inf(period) AND lower_inc(period)", name="period"),
        # The ranges hold one identifier each: without extensions GiST compares ranges, but no identifiers.
        ExcludeConstraint(
            (func.uuidrange(text("bank_id"), text("bank_id"), text("'[]'")), "="),
            (text("period"), "&&"),
            name="ex_custody_one_place",
            using="gist",
        ),
        Index("uq_custody_open", "bank_id", unique=True, postgresql_where=text("upper_inf(period)")),
        Index("ix_custody_out", "bank_id", postgresql_where=text("upper_inf(period) AND place = 'user'")),
        Index("ix_custody_place", "place", "bank_id", postgresql_where=text("upper_inf(period)")),
        Index("ix_custody_bank_id", "bank_id", "id"),
        Index("ix_custody_station_id", "station_id", "slot_number", postgresql_where=text("upper_inf(period)")),
        Index("ix_custody_rental_id", "rental_id", postgresql_where=text("rental_id IS NOT NULL")),
        # What somebody of the crew has in hand, and what lies in a warehouse.
        Index(
            "ix_custody_holder",
            "holder",
            "bank_id",
            postgresql_where=text("upper_inf(period) AND place IN ('crew', 'warehouse', 'quarantined')"),
        ),
        # What somebody of the crew took, and what they brought.
        Index("ix_custody_taken", "holder", "id", postgresql_where=text("place = 'crew'")),
        Index("ix_custody_came_from", "came_from", "id", postgresql_where=text("came_from IS NOT NULL")),
    )

    id: Mapped[Id]
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("power_banks.id"))
    place: Mapped[str]
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"))
    slot_number: Mapped[int | None] = mapped_column(SmallInteger)
    rental_id: Mapped[UUID | None]
    holder: Mapped[str | None]  # which member of the crew, which warehouse
    came_from: Mapped[str | None]  # who of the crew had it just before
    cause: Mapped[str]
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)

    @property
    def since(self) -> datetime | None:
        return self.period.lower

    @property
    def until(self) -> datetime | None:
        return self.period.upper


class BankPromise(Base):
    """A bank that is promised to a rental, or to a person's reservation. The primary key allows one promise of each."""

    __tablename__ = "bank_reservations"
    __table_args__ = (UniqueConstraint("rental_id"),)

    bank_id: Mapped[UUID] = mapped_column(ForeignKey("power_banks.id"), primary_key=True)
    # The id of the rental or of the reservation. The column has the name from when only rentals had promises.
    holder_id: Mapped[UUID] = mapped_column("rental_id")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Discrepancy(Base):
    """What a station shows of a bank, or what was counted in a warehouse, and the database does not have."""

    __tablename__ = "discrepancies"
    __table_args__ = (
        one_of("kind", DiscrepancyKind),
        CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolved"),
        CheckConstraint("(station_id IS NULL) <> (warehouse_id IS NULL)", name="where"),
        Index("uq_discrepancies_open", "kind", "serial", unique=True, postgresql_where=text("resolved_at IS NULL")),
        Index("ix_discrepancies_open", "id", postgresql_where=text("resolved_at IS NULL")),
        Index("ix_discrepancies_station_id", "station_id"),
        Index("ix_discrepancies_serial", "serial", "id"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    serial: Mapped[str]
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"))
    warehouse_id: Mapped[UUID | None] = mapped_column(ForeignKey("warehouses.id"))
    slot_number: Mapped[int | None] = mapped_column(SmallInteger)
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    opened_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
    resolution: Mapped[str | None]
    times: Mapped[int] = mapped_column(
        server_default="1"
    )  # how often it was opened: it may settle itself and come again
    alerted_at: Mapped[datetime | None]  # when staff were told of it last
    station_sn: Mapped[str | None] = column_property(
        select(Station.sn).where(Station.id == station_id).scalar_subquery()
    )
    warehouse: Mapped[str | None] = column_property(
        select(Warehouse.name).where(Warehouse.id == warehouse_id).scalar_subquery()
    )
