"""What a station said last, and its messages as they came."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class StationState(Base):
    """What a station said last, and what of that was compared with the database.

    Whoever applies a message of a station locks this row first, so that the messages of one station are applied one
    after the other.
    """

    __tablename__ = "station_state"
    __table_args__ = ({"postgresql_with": {"fillfactor": "70"}},)

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    # The position of the newest applied message, and when it was sent.
    boot_id: Mapped[int | None] = mapped_column(BigInteger)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    reported_at: Mapped[datetime | None]
    snapshot_at: Mapped[datetime | None]
    # Of the newest snapshot: a digest of which bank sits where, and charges with temperatures. Contents of None mean
    # that the next snapshot is compared slot by slot.
    contents: Mapped[str | None]
    measures: Mapped[str | None]
    revision: Mapped[int | None] = mapped_column(BigInteger)  # of the live row when the snapshot was compared
    # The newest of the messages that count from the beginning again without a new boot id, and how many they are.
    restart_boot_id: Mapped[int | None] = mapped_column(BigInteger)
    restart_seq: Mapped[int | None] = mapped_column(BigInteger)
    restarts_seen: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    reports_maintenance: Mapped[bool | None]
    changed_at: Mapped[datetime | None]  # when the station last came online or went offline
    # What staff were told last: that the station is offline, or that it comes and goes.
    offline_alert_sent: Mapped[bool] = mapped_column(server_default=text("false"))
    outages: Mapped[int] = mapped_column(SmallInteger, server_default="0")  # since `outages_since`
    outages_since: Mapped[datetime | None]
    low_battery_alert_at: Mapped[datetime | None]
    undecodable: Mapped[int] = mapped_column(BigInteger, server_default="0")
    oddities: Mapped[int] = mapped_column(BigInteger, server_default="0")


class Outcome(StrEnum):
    APPLIED = "applied"
    STALE = "stale"  # older than what was applied: it is kept, and changes no slot
    UNDECODABLE = "undecodable"
    FAILED = "failed"  # our own code could not apply it


class StationMessage(Base):
    """A message as it came. The job `prune_station_reports` deletes old ones."""

    __tablename__ = "station_messages"
    __table_args__ = (
        one_of("outcome", Outcome),
        Index("ix_station_messages_station_id", "station_id", "id"),
        Index("uq_station_messages_key", "station_id", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
    )

    id: Mapped[Id]
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"))
    received_at: Mapped[datetime]
    kind: Mapped[str]
    key: Mapped[str | None]  # tells that an event is a repeat
    outcome: Mapped[str]
    reason: Mapped[str | None]
    topic: Mapped[str]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
