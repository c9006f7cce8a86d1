"""Commands to stations, and how a command goes from one status to the next."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, text
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
    SENT = "sent"  # or about to be sent: it is noted before it goes out, so that it never goes out twice
    ACKNOWLEDGED = "acknowledged"  # answered, but the answer proves nothing
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"  # it did not go out before its deadline
    UNKNOWN = "unknown"


OPEN = (CommandStatus.QUEUED, CommandStatus.SENT, CommandStatus.ACKNOWLEDGED)

# Only late facts change what was settled: the bank came out after all, or was in its slot all the time.
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
    boot_id_before: Mapped[int | None] = mapped_column(
        BigInteger
    )  # of a reboot: the station's newest boot when it was sent
    snapshot_decides_from: Mapped[datetime | None]  # a snapshot from then on shows what the command did
    finished_at: Mapped[datetime | None]
    traceparent: Mapped[str | None]  # of the span that requested it, where traces are kept
    response: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    @property
    def is_eject(self) -> bool:
        return self.command == CommandName.EJECT

    @property
    def is_open(self) -> bool:
        return self.status in OPEN
