"""Hold back a slot that refused to eject twice in a row, until somebody has looked at it.

It is held back here, because the station's next snapshot would say again that the slot works, and because not every
protocol can lock a slot.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.outbox.enqueue import publish
from powerbank.stations.availability import live_rows
from powerbank.stations.commands import encoding
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandName, CommandStatus, StationCommand
from powerbank.stations.events import SlotLocked
from powerbank.stations.models import Slot, Station

IN_A_ROW = 2


def hold_slot_after_refusals(station_id: UUID, slot_number: int, *, now: datetime) -> bool:
    """Hold a slot back if its last ejections were all refused. True: it is held back now."""
    session = open_session()
    last = session.scalars(
        select(StationCommand)
        .where(
            StationCommand.station_id == station_id,
            StationCommand.slot_number == slot_number,
            StationCommand.command == CommandName.EJECT,
            StationCommand.finished_at.is_not(None),
        )
        .order_by(StationCommand.id.desc())
        .limit(IN_A_ROW)
    ).all()
    refused = [each.status == CommandStatus.FAILED and (each.response or {}).get("proof") == "refused" for each in last]
    if len(refused) < IN_A_ROW or not all(refused):
        return False
    slot = _lock_slot(station_id, slot_number)
    if slot is None or slot.held_because is not None:
        return False
    slot.held_because = "refused twice"
    station = session.get_one(Station, station_id)
    _request_if_supported(station, CommandName.LOCK_SLOT, slot_number, by="inspection", now=now)
    live_rows.refresh_live_rows([station_id])
    publish(SlotLocked(station_sn=station.sn, detail=f"slot {slot_number} refused twice and is out of use"))
    return True


def release_slot(station: Station, slot_number: int, *, by: str, now: datetime) -> None:
    """Release a slot that somebody has looked at, and have its station unlock it if the protocol can."""
    slot = _lock_slot(station.id, slot_number)
    if slot is None:
        raise NotFoundError("slot")
    if slot.held_because is None:
        raise ConflictError("slot_not_held", "This slot is not held back.")
    slot.held_because = None
    _request_if_supported(station, CommandName.UNLOCK_SLOT, slot_number, by=by, now=now)
    live_rows.refresh_live_rows([station.id])


def _lock_slot(station_id: UUID, slot_number: int) -> Slot | None:
    return open_session().get(Slot, (station_id, slot_number), with_for_update=True, populate_existing=True)


def _request_if_supported(station: Station, command: CommandName, slot_number: int, *, by: str, now: datetime) -> None:
    if encoding.is_command_supported(station, command):
        commands.request_command(
            station_id=station.id, command=command, parameters={"slot_number": slot_number}, requested_by=by, now=now
        )
