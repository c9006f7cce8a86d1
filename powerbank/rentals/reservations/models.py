"""The table of reservations: a power bank that is kept for a person who walks to its station."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, Paisa, one_of

_ACTIVE = "status = 'active'"


class ReservationStatus(StrEnum):
    ACTIVE = "active"
    USED = "used"  # a rental has begun with it
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    LOST = "lost"  # the station could not give the power bank; it costs nothing


class Reservation(Base):
    """One power bank that is kept for one person. The promise of the bank itself is a row of `bank_reservations`."""

    __tablename__ = "reservations"
    __table_args__ = (
        one_of("status", ReservationStatus),
        CheckConstraint("(status = 'active') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(status = 'used') = (rental_id IS NOT NULL)", name="used"),
        CheckConstraint(
            "minutes BETWEEN 1 AND 20 AND expires_at <= created_at + interval '20 minutes'", name="minutes"
        ),
        CheckConstraint("rate >= 0 AND fee >= 0", name="money"),
        CheckConstraint("fee = 0 OR status <> 'lost'", name="lost"),
        UniqueConstraint("rental_id"),
        # One at a time, however many requests of a person come at once.
        Index("uq_reservations_active", "user_id", unique=True, postgresql_where=text(_ACTIVE)),
        Index("ix_reservations_active", "expires_at", postgresql_where=text(_ACTIVE)),
        Index("ix_reservations_user_id", "user_id", "id"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))
    package_id: Mapped[UUID] = mapped_column(ForeignKey("packages.id"))
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("power_banks.id"))
    slot_number: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str]
    minutes: Mapped[int] = mapped_column(SmallInteger)  # as asked for
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    free_until: Mapped[datetime]
    expires_at: Mapped[datetime]
    rate: Mapped[Paisa]  # for each minute that has begun after `free_until`; later edits change no reservation
    fee: Mapped[Paisa] = mapped_column(server_default="0")  # what was taken in the end
    ended_at: Mapped[datetime | None]
    rental_id: Mapped[UUID | None] = mapped_column(ForeignKey("rentals.id"))
