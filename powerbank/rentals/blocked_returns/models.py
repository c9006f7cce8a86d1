"""The table of blocked returns: what people reported of stations that did not take their power bank back."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from powerbank.base.db import Base, Id, one_of


class BlockStatus(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"


class BlockReason(StrEnum):
    """What is known of the station, or why the meter does not stop."""

    STATION_OFFLINE = "station_offline"
    STATION_MAINTENANCE = "station_maintenance"
    STATION_CLOSED = "station_closed"
    STATION_FULL = "station_full"
    STATION_REFUSES = "station_refuses"  # it has just refused this power bank
    STATION_SILENT = "station_silent"  # nothing recent is known of its slots
    BY_STAFF = "by_staff"
    SLOTS_FREE = "slots_free"
    USED_BEFORE = "used_before"


class BlockOutcome(StrEnum):
    """What became of a pause that was granted."""

    OPEN = "open"
    RETURNED = "returned"  # in time, at a station that was kept for it
    OVER = "over"  # nothing came back in time, and the meter went on
    ENDED = "ended"  # the rental went on otherwise: it was extended, lost or ended by staff


class BlockedReturn(Base):
    """One report that a station did not take a power bank back, and the pause of the meter that came of it."""

    __tablename__ = "blocked_returns"
    __table_args__ = (
        one_of("status", BlockStatus),
        one_of("reason", BlockReason),
        one_of("outcome", BlockOutcome),
        CheckConstraint("(status = 'granted') = (outcome IS NOT NULL)", name="granted"),
        CheckConstraint(
            "(status = 'granted') = (paused_from IS NOT NULL) AND (status = 'granted') = (paused_until IS NOT NULL)",
            name="pause",
        ),
        CheckConstraint("(go_to_station_id IS NULL) = (go_to_slot IS NULL)", name="go_to"),
        Index("ix_blocked_returns_rental_id", "rental_id", "id"),
        # A person stops the meter of a rental once; further pauses are staff's. One pause runs at a time.
        Index(
            "uq_blocked_returns_own",
            "rental_id",
            unique=True,
            postgresql_where=text("status = 'granted' AND granted_by IS NULL"),
        ),
        Index("uq_blocked_returns_open", "rental_id", unique=True, postgresql_where=text("outcome = 'open'")),
        Index("ix_blocked_returns_open", "paused_until", postgresql_where=text("outcome = 'open'")),
        Index("ix_blocked_returns_refused", "user_id", "id", postgresql_where=text("status = 'refused'")),
    )

    id: Mapped[Id]
    rental_id: Mapped[UUID] = mapped_column(ForeignKey("rentals.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))  # where the return was blocked
    reported_at: Mapped[datetime]
    lat: Mapped[float | None]
    lng: Mapped[float | None]
    granted_by: Mapped[str | None]  # staff; None: the person's own report
    status: Mapped[str]
    reason: Mapped[str]
    paused_from: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    outcome: Mapped[str | None]
    # Where a slot is kept now, and all the stations where one was. Without any the person goes where they like.
    go_to_station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"))
    go_to_slot: Mapped[int | None] = mapped_column(SmallInteger)
    kept_at: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
