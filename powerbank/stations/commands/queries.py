"""Read the commands of stations."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from powerbank.api.paging import page
from powerbank.base.db import open_session
from powerbank.stations.commands.models import OPEN, CommandName, CommandStatus, StationCommand
from powerbank.stations.models import Slot
from powerbank.stations.registry.queries import find_station

# A bank that is gone so long after its ejection was settled as failed was not put out by that command.
LATE_EJECTION = timedelta(minutes=15)


def list_commands(sn: str, *, status: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """List a page of the commands of a station, newest first."""
    query = select(StationCommand).where(StationCommand.station_id == find_station(sn).id)
    if status is not None:
        query = query.where(StationCommand.status == status)
    return page(query, StationCommand.id, descending=True, limit=limit, cursor=cursor)


def find_command_of_station(command_id: UUID, station_id: UUID) -> StationCommand | None:
    """Find a command if it is one to this station."""
    return open_session().scalar(
        select(StationCommand)
        .where(StationCommand.id == command_id, StationCommand.station_id == station_id)
        .execution_options(populate_existing=True)
    )


def find_open_ejection(station_id: UUID) -> StationCommand | None:
    """Find the one ejection that is open at a station."""
    return open_session().scalar(
        select(StationCommand)
        .where(
            StationCommand.station_id == station_id,
            StationCommand.command == CommandName.EJECT,
            StationCommand.status.in_(OPEN),
        )
        .execution_options(populate_existing=True)
    )


def list_unanswered_serials(station_id: UUID, serials: Sequence[str], *, but_for: str) -> list[str]:
    """List those of these banks that may have gone to somebody else.

    An ejection for somebody else had no answer, and the station has not shown the slot since. Whoever has the slot
    opened now would be taken for the one who has the bank.
    """
    query = (
        select(StationCommand.serial)
        .join(
            Slot,
            (Slot.station_id == StationCommand.station_id) & (Slot.number == StationCommand.slot_number),
        )
        .where(
            StationCommand.station_id == station_id,
            StationCommand.serial.in_(serials),
            StationCommand.command == CommandName.EJECT,
            StationCommand.status == CommandStatus.UNKNOWN,
            StationCommand.requested_by != but_for,
            func.coalesce(Slot.reported_at, StationCommand.created_at) <= StationCommand.finished_at,
        )
        .distinct()
        .order_by(StationCommand.serial)
    )
    return [serial for serial in open_session().scalars(query) if serial is not None]


def find_ejection_in_play(serial: str, *, now: datetime) -> StationCommand | None:
    """Find the newest ejection of a bank that may be the reason why the bank is out."""
    return next(iter(list_ejections_in_play(serial, now=now)), None)


def list_ejections_in_play(serial: str, *, now: datetime) -> Sequence[StationCommand]:
    """List the ejections that may be the reason why a bank is out, newest first.

    One without an answer stays in play behind newer ones that failed: a slot that is empty already fails as well. What
    ends it is to see the bank, or to learn that a newer ejection put the bank out.
    """
    ejections = (StationCommand.serial == serial, StationCommand.command == CommandName.EJECT)
    known_to_be_out = (
        select(StationCommand.id)
        .where(*ejections, StationCommand.status == CommandStatus.SUCCEEDED)
        .order_by(StationCommand.id.desc())
        .limit(1)
    )
    query = (
        select(StationCommand)
        .where(
            *ejections,
            StationCommand.sent_at.is_not(None),
            StationCommand.id > func.coalesce(known_to_be_out.scalar_subquery(), UUID(int=0)),
            or_(
                StationCommand.status.in_((*OPEN, CommandStatus.UNKNOWN)),
                StationCommand.deadline > now - LATE_EJECTION,
            ),
        )
        .order_by(StationCommand.id.desc())
        .execution_options(populate_existing=True)
    )
    return open_session().scalars(query).all()
