"""Commands to stations, what stations last said, and their words as they came."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class CommandName(StrEnum):
    EJECT = "eject_powerbank"
    GET_STATUS = "get_status"
    LOCK_SLOT = "lock_slot"
    UNLOCK_SLOT = "unlock_slot"
    RESET_SLOT = "reset_slot"
    MAINTENANCE = "maintenance_mode"
    REBOOT = "reboot"
    UPDATE_FIRMWARE = "update_firmware"


class CommandStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"  # or about to be: noted before it goes out, so that it never goes out twice
    ACKNOWLEDGED = "acknowledged"  # answered, but the answer proves nothing
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"  # never went out before its deadline
    UNKNOWN = "unknown"


OPEN = (CommandStatus.QUEUED, CommandStatus.SENT, CommandStatus.ACKNOWLEDGED)

# Only facts that come in late change what was settled: a bank that came out after all, or was in all the time.
TRANSITIONS: dict[CommandStatus, frozenset[CommandStatus]] = {
    CommandStatus.QUEUED: frozenset(set(CommandStatus) - {CommandStatus.QUEUED}),
    CommandStatus.SENT: frozenset(
        {CommandStatus.ACKNOWLEDGED, CommandStatus.SUCCEEDED, CommandStatus.FAILED, CommandStatus.UNKNOWN}
    ),
    CommandStatus.ACKNOWLEDGED: frozenset({CommandStatus.SUCCEEDED, CommandStatus.FAILED, CommandStatus.UNKNOWN}),
    CommandStatus.UNKNOWN: frozenset({CommandStatus.SUCCEEDED, CommandStatus.FAILED}),
    CommandStatus.FAILED: frozenset({CommandStatus.SUCCEEDED}),
    CommandStatus.EXPIRED: frozenset({CommandStatus.SUCCEEDED}),
    CommandStatus.SUCCEEDED: frozenset(),
}


class StationCommand(Base):
    __tablename__ = "station_commands"
    __table_args__ = (
        one_of("command", CommandName),
        one_of("status", CommandStatus),
        CheckConstraint("(status IN ('queued', 'sent', 'acknowledged')) = (finished_at IS NULL)", name="finished"),
        CheckConstraint(
            "command <> 'eject_powerbank' OR (serial IS NOT NULL AND slot_number IS NOT NULL)", name="eject"
        ),
        Index(
            "uq_station_commands_open_eject",
            "station_id",
            unique=True,
            postgresql_where=text("command = 'eject_powerbank' AND status IN ('queued', 'sent', 'acknowledged')"),
        ),
        Index(
            "ix_station_commands_open",
            "station_id",
            postgresql_where=text("status IN ('queued', 'sent', 'acknowledged')"),
        ),
        Index("ix_station_commands_station_id", "station_id", "id"),
        Index("ix_station_commands_serial", "serial", "id", postgresql_where=text("serial IS NOT NULL")),
        Index("ix_station_commands_rental_id", "rental_id", postgresql_where=text("rental_id IS NOT NULL")),
    )

    id: Mapped[Id]
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))
    command: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(server_default=CommandStatus.QUEUED)
    serial: Mapped[str | None]
    slot_number: Mapped[int | None] = mapped_column(SmallInteger)
    rental_id: Mapped[UUID | None]
    requested_by: Mapped[str]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    deadline: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]  # from when on a snapshot shows what the command did
    finished_at: Mapped[datetime | None]
    response: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    @property
    def is_eject(self) -> bool:
        return self.command == CommandName.EJECT

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


class StationState(Base):
    """What a station said last, and what of it was compared with the database. Whoever applies a station's word
    locks this row first, so that one station's messages are applied one after the other."""

    __tablename__ = "station_state"
    __table_args__ = ({"postgresql_with": {"fillfactor": "70"}},)

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    # Where the newest applied report stood, and when it came.
    boot_id: Mapped[int | None] = mapped_column(BigInteger)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    reported_at: Mapped[datetime | None]
    snapshot_at: Mapped[datetime | None]
    # Digests of the newest snapshot: which bank sits where, and charges with temperatures. None: look closely.
    contents: Mapped[str | None]
    measures: Mapped[str | None]
    revision: Mapped[int | None] = mapped_column(BigInteger)  # of the live row when the contents were compared
    # Reports that count from the beginning again, without a new boot id.
    restart_boot_id: Mapped[int | None] = mapped_column(BigInteger)
    restart_seq: Mapped[int | None] = mapped_column(BigInteger)
    restarts_seen: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    reports_maintenance: Mapped[bool | None]
    changed_at: Mapped[datetime | None]  # when it last came online or went offline
    # What staff were told last: that it is offline, or that it comes and goes.
    offline_told: Mapped[bool] = mapped_column(server_default=text("false"))
    outages: Mapped[int] = mapped_column(SmallInteger, server_default="0")  # told of since then
    outages_since: Mapped[datetime | None]
    low_battery_told_at: Mapped[datetime | None]
    undecodable: Mapped[int] = mapped_column(BigInteger, server_default="0")
    odd: Mapped[int] = mapped_column(BigInteger, server_default="0")


class Outcome(StrEnum):
    APPLIED = "applied"
    STALE = "stale"  # older than what was applied: kept, the slot view stays
    UNDECODABLE = "undecodable"
    FAILED = "failed"  # our mistake: kept for us to look at


class StationReport(Base):
    """A message as it came. Rows are pruned by `prune_station_reports`."""

    __tablename__ = "station_reports"
    __table_args__ = (
        one_of("outcome", Outcome),
        Index("ix_station_reports_station_id", "station_id", "id"),
        Index("uq_station_reports_key", "station_id", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
    )

    id: Mapped[Id]
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"))
    received_at: Mapped[datetime]
    kind: Mapped[str]
    key: Mapped[str | None]  # what a repeat of an event is known by
    outcome: Mapped[str]
    reason: Mapped[str | None]
    topic: Mapped[str]
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class Lease(Base):
    """Which of several equal processes does the work that only one may do."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]
