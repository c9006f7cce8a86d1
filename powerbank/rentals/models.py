"""The tables of rentals: the rental, its log, its places, and the free cancellations."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from powerbank.base.db import Base, Id, Paisa, one_of
from powerbank.payments.options.methods import PAYABLE
from powerbank.rentals.states import OPEN, Status
from powerbank.stations.packages.models import PaymentModel

_STARTED = "status NOT IN ('active', 'overdue', 'completed', 'lost') OR (started_at IS NOT NULL AND due_at IS NOT NULL)"
_IS_OPEN = f"status IN ({', '.join(repr(status.value) for status in sorted(OPEN))})"


class Rental(Base):
    """One power bank rented by one person.

    The tariff is a copy, so that later edits of packages and prices change no rental. The trigger `rental_moves`
    refuses a change of the tariff, and a change of status that `states.MOVES` does not have.
    """

    __tablename__ = "rentals"
    __table_args__ = (
        one_of("status", Status),
        one_of("payment_method", PAYABLE),
        CheckConstraint("held_value >= 0", name="held_value"),
        one_of("payment_model", PaymentModel),
        UniqueConstraint("code"),
        CheckConstraint(_STARTED, name="started"),
        CheckConstraint("status NOT IN ('completed', 'lost') OR ended_at IS NOT NULL", name="ended"),
        CheckConstraint("discount BETWEEN 0 AND price", name="discount"),
        CheckConstraint("reservation_credit >= 0", name="reservation_credit"),
        CheckConstraint("(paused_from IS NULL) = (paused_until IS NULL) AND paused_from < paused_until", name="pause"),
        CheckConstraint("unit_minutes > 0 AND unit_price > 0", name="unit"),
        CheckConstraint("payment_model = 'prepaid' OR unit_price IS NOT NULL", name="postpaid"),
        Index("ix_rentals_user_id", "user_id", "id"),
        Index("ix_rentals_open_of_user", "user_id", postgresql_where=text(_IS_OPEN)),
        Index("ix_rentals_unfinished", "status", "due_at", postgresql_where=text(_IS_OPEN)),
        Index("ix_rentals_station_id", "station_id", "id"),
        Index("ix_rentals_bank_id", "bank_id", "id"),
        # Staff look for these by status. Open rentals have an index of their own, and nearly all others are completed.
        Index(
            "ix_rentals_ended_otherwise",
            "status",
            "id",
            postgresql_where=text("status IN ('cancelled', 'failed', 'lost')"),
        ),
        Index("ix_rentals_came_late", "id", postgresql_where=text("came_late")),
        Index("ix_rentals_unsettled", "ended_at", postgresql_where=text("ended_at IS NOT NULL AND settled_at IS NULL")),
    )

    id: Mapped[Id]
    code: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))
    package_id: Mapped[UUID] = mapped_column(ForeignKey("packages.id"))
    status: Mapped[str]
    payment_method: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    version: Mapped[int] = mapped_column(server_default="1")  # grows with each change that an app shows

    # The tariff, copied from the package and the configuration.
    package_name: Mapped[str]
    payment_model: Mapped[str]
    duration_minutes: Mapped[int]
    price: Mapped[Paisa]
    discount: Mapped[Paisa] = mapped_column(server_default="0")
    # What was paid for the reservation of the power bank, and counts towards the price.
    reservation_credit: Mapped[Paisa] = mapped_column(server_default="0")
    unit_minutes: Mapped[int | None]
    unit_price: Mapped[Paisa | None]
    deposit: Mapped[Paisa]
    overdue_rate: Mapped[Paisa]
    overdue_grace_minutes: Mapped[int]
    overdue_cap: Mapped[Paisa | None]
    replacement_price: Mapped[Paisa]
    cancel_window_minutes: Mapped[int]
    lost_after_days: Mapped[int]
    points_per_npr: Mapped[int]

    # The ejection.
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("power_banks.id"))
    slot_number: Mapped[int] = mapped_column(SmallInteger)
    command_id: Mapped[UUID | None]  # the newest eject command
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    ejection_repeated: Mapped[bool] = mapped_column(
        server_default=text("false")
    )  # the same power bank was tried again after silence
    tried_serials: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'")
    )  # serials of the power banks that were tried

    # The rental itself.
    started_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    metered_from: Mapped[datetime | None]  # since when the units of a postpaid rental count; an extension restarts it
    ended_at: Mapped[datetime | None]
    was_overdue: Mapped[bool] = mapped_column(server_default=text("false"))
    # While the meter stands still, because a station could not take the power bank back. The newest time it did so.
    paused_from: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    return_station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"))
    return_slot: Mapped[int | None] = mapped_column(SmallInteger)
    provisional: Mapped[bool] = mapped_column(
        server_default=text("false")
    )  # the power bank is back, and its self-test is still to come
    cancel_requested_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]
    # The power bank came out after the rental had ended. Nothing is charged until staff decide.
    came_late: Mapped[bool] = mapped_column(server_default=text("false"))
    swap_of: Mapped[UUID | None] = mapped_column(ForeignKey("rentals.id"))

    # The money. What was paid and what is owed stands in the ledger.
    held_value: Mapped[Paisa] = mapped_column(server_default="0")  # the value of the points that are held
    overdue_amount: Mapped[Paisa] = mapped_column(server_default="0")  # overdue fees billed so far, paid or owed
    settled_at: Mapped[datetime | None]  # all fees of the ended rental are paid or owed

    @property
    def cancel_until(self) -> datetime | None:
        """Tell until when a return costs nothing. None before the power bank is out."""
        return None if self.started_at is None else self.started_at + timedelta(minutes=self.cancel_window_minutes)

    @property
    def is_returned_on_time(self) -> bool | None:
        """Tell whether the power bank came back in time. None until the rental has ended."""
        if self.ended_at is None or self.started_at is None or self.status == Status.CANCELLED:
            return None
        return self.status == Status.COMPLETED and not self.was_overdue


class RentalEvent(Base):
    """One entry of the log of a rental. Entries are never changed."""

    __tablename__ = "rental_events"
    __table_args__ = (
        Index("ix_rental_events_rental_id", "rental_id", "id"),
        # Figures read an hour of the log. It is nearly in the order of time, so the ranges of its pages are enough.
        Index("ix_rental_events_at", "at", postgresql_using="brin"),
    )

    id: Mapped[Id]
    rental_id: Mapped[UUID] = mapped_column(ForeignKey("rentals.id"))
    at: Mapped[datetime]
    event: Mapped[str]
    cause: Mapped[str]  # who or what caused it: user:…, staff:…, station, sweep
    from_status: Mapped[str | None]
    to_status: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    noted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class RentalLocation(Base):
    """A place of a rented power bank, as the phone of its person says. It is deleted a month after the rental."""

    __tablename__ = "rental_locations"
    __table_args__ = (
        Index("ix_rental_locations_rental_id", "rental_id", "at"),
        CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="place"),
    )

    id: Mapped[Id]
    rental_id: Mapped[UUID] = mapped_column(ForeignKey("rentals.id"))
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    lat: Mapped[float]
    lng: Mapped[float]
    accuracy: Mapped[float | None]


class FreeCancellation(Base):
    """The one cancellation free of charge that a person has each local day."""

    __tablename__ = "rental_free_cancellations"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    rental_id: Mapped[UUID] = mapped_column(ForeignKey("rentals.id"), unique=True)
