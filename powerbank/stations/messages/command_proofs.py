"""What a station shows of commands, whether it has answered them or not."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from powerbank.base.db import open_session
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import OPEN, CommandName, CommandStatus, StationCommand


def booted(station_id: UUID, *, now: datetime) -> None:
    """That it is up again is the answer to a reboot."""
    _succeeded(station_id, CommandName.REBOOT, StationCommand.status.in_(OPEN), proof="booted", now=now)


def runs(station_id: UUID, firmware: str, *, now: datetime) -> None:
    """A version that it did not run before. The answer may have been lost with the reboot."""
    which = StationCommand.status.in_((*OPEN, CommandStatus.UNKNOWN)) & (
        StationCommand.parameters["version"].astext == firmware
    )
    _succeeded(station_id, CommandName.UPDATE_FIRMWARE, which, proof="version", now=now)


def _succeeded(station_id: UUID, name: CommandName, which: ColumnElement[bool], *, proof: str, now: datetime) -> None:
    query = select(StationCommand).where(
        StationCommand.station_id == station_id,
        StationCommand.command == name,
        StationCommand.sent_at.is_not(None),
        which,
    )
    for command in open_session().scalars(query).all():
        commands.settle_command(command, CommandStatus.SUCCEEDED, {"proof": proof}, now=now)
