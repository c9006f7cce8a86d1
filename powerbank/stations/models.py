"""Stations, their slots, and what the app reads of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    Uuid,
    column,
    func,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship
from sqlalchemy.types import Text

from powerbank.base.db import Base, Id, one_of
from powerbank.stations.protocols.events import Works

MOST_SLOTS = 200
# What stations show of their partners, who are kept by a later domain.
PARTNERS = table("partners", column("id", Uuid), column("name", Text))


class StationStatus(StrEnum):
    """Whether a station serves, as the app shows it."""

    ONLINE = "online"
    OFFLINE = "offline"
    MAINTENANCE = "maintenance"


class Amenity(StrEnum):
    PARKING = "parking"
    WIFI = "wifi"
    RESTROOM = "restroom"
    FOOD = "food"
    SEATING = "seating"
    STEP_FREE = "step_free"
    INDOOR = "indoor"


class Station(Base):
    """What staff know of a station. What the station says of itself is in its slots and in its live row."""

    __tablename__ = "stations"
    __table_args__ = (
        # Which protocols there are, `powerbank/stations/protocols` says.
        CheckConstraint("protocol ~ '^[a-z0-9][a-z0-9.-]{0,39}$'", name="protocol"),
        CheckConstraint("lat BETWEEN -90 AND 90", name="lat"),
        CheckConstraint("lng BETWEEN -180 AND 180", name="lng"),
        CheckConstraint("sn ~ '^[A-Za-z0-9._-]{1,64}$'", name="sn"),
        # The IMEI is the name of an MQTT account and a part of topics.
        CheckConstraint("imei ~ '^[A-Za-z0-9_-]{1,64}$'", name="imei"),
        UniqueConstraint("sn"),
        UniqueConstraint("imei"),
        Index("ix_stations_city", func.lower(text("city")), "sn"),
        Index("ix_stations_search_vector", "search_vector", postgresql_using="gin"),
        Index("ix_stations_partner_id", "partner_id", postgresql_where=text("partner_id IS NOT NULL")),
    )

    id: Mapped[Id]
    sn: Mapped[str]
    imei: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]
    city: Mapped[str]
    lat: Mapped[float]
    lng: Mapped[float]
    timezone: Mapped[str] = mapped_column(server_default="Asia/Kathmandu")
    opening_hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # None: always open
    images: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    amenities: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    rent_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    return_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    maintenance: Mapped[bool] = mapped_column(server_default=text("false"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    protocol: Mapped[str]
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"))
    search_vector: Mapped[str] = mapped_column(TSVECTOR, deferred=True)  # the terms that a search finds it by
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    live: Mapped["StationLive"] = relationship(lazy="joined", innerjoin=True, passive_deletes=True)
    # Read where it is asked for; lists read it with their stations.
    partner_name: Mapped[str | None] = column_property(
        select(PARTNERS.c.name).where(PARTNERS.c.id == partner_id).scalar_subquery(), deferred=True
    )


class StationLive(Base):
    """What the app reads of a station most often: one row for each station, so that a read needs no join.

    `powerbank.stations.availability.live_rows` makes these rows, and can make all of them again.
    """

    __tablename__ = "station_live"
    __table_args__ = (
        CheckConstraint("available_banks >= 0 AND free_slots >= 0", name="counts"),
        # A heartbeat changes `last_seen` only. No index holds that, so the row is rewritten within its page: also where
        # the statement writes `online` as it was.
        Index(
            "ix_station_live_place",
            func.point(text("lng"), text("lat")),
            postgresql_using="gist",
            postgresql_where=text("active"),
        ),
        Index("ix_station_live_away", "station_id", postgresql_where=text("active AND NOT online AND NOT maintenance")),
        # The lists of stations that are away or in maintenance. These flags change seldom.
        Index("ix_station_live_offline", "sn", postgresql_where=text("NOT online AND NOT maintenance")),
        Index("ix_station_live_maintenance", "sn", postgresql_where=text("maintenance")),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    sn: Mapped[str]
    name: Mapped[str]
    lat: Mapped[float]
    lng: Mapped[float]
    active: Mapped[bool]
    maintenance: Mapped[bool]
    hours: Mapped[str | None]  # of the registry, as canonical text; None: always open
    timezone: Mapped[str]
    available_banks: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    free_slots: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    online: Mapped[bool] = mapped_column(server_default=text("false"))
    last_seen: Mapped[datetime | None]
    firmware: Mapped[str | None]
    # Grows with each change of custody, reservations or registry at this station. A snapshot that equals the last one
    # is then compared again.
    revision: Mapped[int] = mapped_column(BigInteger, server_default="0")

    @property
    def status(self) -> str:
        return shown_status(maintenance=self.maintenance, online=self.online)


def shown_status(*, maintenance: bool, online: bool) -> str:
    if maintenance:
        return StationStatus.MAINTENANCE
    return StationStatus.ONLINE if online else StationStatus.OFFLINE


class Slot(Base):
    """A slot: what sits in it and whether it works are independent, and "available" and "free" follow from both."""

    __tablename__ = "slots"
    __table_args__ = (
        one_of("works", Works),
        CheckConstraint(f"number BETWEEN 1 AND {MOST_SLOTS}", name="number"),
        CheckConstraint("charge BETWEEN 0 AND 100", name="charge"),
        Index("ix_slots_bank_serial", "bank_serial", postgresql_where=text("bank_serial IS NOT NULL")),
    )

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    works: Mapped[str] = mapped_column(server_default=Works.OK)
    bank_serial: Mapped[str | None]
    charge: Mapped[int | None] = mapped_column(SmallInteger)
    temperature: Mapped[float | None]
    # If given, the slot is out of use until staff release it, whatever the station says of it.
    held_because: Mapped[str | None]
    # The position of the newest applied message about this slot.
    boot_id: Mapped[int | None] = mapped_column(BigInteger)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    reported_at: Mapped[datetime | None]

    @property
    def state(self) -> str:
        """Sum up a slot in one word for people. Whether it can be rented from or returned into is another question."""
        if self.works != Works.OK:
            return self.works
        if self.held_because is not None:
            return Works.LOCKED
        return "empty" if self.bank_serial is None else "bank"


class KeptSlot(Base):
    """A free slot that is kept for a person whose return was blocked elsewhere. The primary key keeps it for one only.

    The view `free_slots` leaves it out, so that nobody else is sent to it.
    """

    __tablename__ = "kept_slots"
    __table_args__ = (
        ForeignKeyConstraint(
            ["station_id", "slot_number"],
            ["slots.station_id", "slots.number"],
            ondelete="CASCADE",
            name="fk_kept_slots",
        ),
        UniqueConstraint("holder_id"),
    )

    station_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot_number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    holder_id: Mapped[UUID]  # the blocked return that it is kept for
    kept_until: Mapped[datetime]


class Credentials(Base):
    """A station's MQTT password, hashed once for each kind of broker: no form exists that both can read."""

    __tablename__ = "station_credentials"
    __table_args__ = (
        UniqueConstraint("username"),
        CheckConstraint("starts_with(bcrypt, '$2')", name="bcrypt"),
        CheckConstraint("starts_with(pbkdf2, '$7$')", name="pbkdf2"),
        Index("ix_station_credentials_rotated_at", "rotated_at"),
    )

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    username: Mapped[str]
    bcrypt: Mapped[str]
    pbkdf2: Mapped[str]
    rotated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class BrokerState(Base):
    """The one row of what this service and its broker have in common."""

    __tablename__ = "broker_state"
    __table_args__ = (CheckConstraint("single", name="single"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    # Triggers count it (`count_broker_accounts`) in the transaction of each change of who may connect.
    accounts_version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # The daemon's client id at the broker. Whoever knows it can take over the session, and what waits in it.
    daemon_session: Mapped[str | None]


class Favourite(Base):
    """A station that a user has marked."""

    __tablename__ = "favourite_stations"
    __table_args__ = (Index("ix_favourite_stations_station_id", "station_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Lease(Base):
    """The process that does some work which only one of several equal processes may do."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]
