from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.stations.commands.models import OPEN, CommandName, CommandStatus, StationCommand


def find_ejection_in_play(serial: str, *, now: datetime) -> StationCommand | None:
    """The newest ejection of this bank, if it may be why the bank is out."""
    command = open_session().scalar(
        select(StationCommand)
        .where(StationCommand.serial == serial, StationCommand.command == CommandName.EJECT)
        .order_by(StationCommand.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    if command is None or command.sent_at is None or command.status == CommandStatus.SUCCEEDED:
        return None
    if command.is_open or command.status == CommandStatus.UNKNOWN or now < command.deadline + LATE_EJECTION:
        return command
    return None


def find_open_ejection(station_id: UUID) -> StationCommand | None:
    return open_session().scalar(
        select(StationCommand)
        .where(
            StationCommand.station_id == station_id,
            StationCommand.command == CommandName.EJECT,
            StationCommand.status.in_(OPEN),
        )
        .execution_options(populate_existing=True)
    )


# A bank that is gone so long after a settled failure was not put out by that command.
LATE_EJECTION = timedelta(minutes=15)
