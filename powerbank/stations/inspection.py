"""A slot that refused twice in a row is taken out of use until somebody has looked at it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from powerbank.db import open_session
from powerbank.queue import publish
from powerbank.stations import commanding, live
from powerbank.stations.command_models import CommandStatus, StationCommand
from powerbank.stations.models import Slot, Station, Works

IN_A_ROW = 2


def after_refusal(station_id: UUID, slot_number: int, *, now: datetime) -> bool:
    """Locks the slot if its last ejections were all refused. True if it did."""
    session = open_session()
    last = session.scalars(
        select(StationCommand)
        .where(
            StationCommand.station_id == station_id, StationCommand.slot_number == slot_number,
            StationCommand.command == "eject_powerbank", StationCommand.finished_at.is_not(None),
        )
        .order_by(StationCommand.id.desc())
        .limit(IN_A_ROW)
    ).all()  # fmt: skip
    refused = [each.status == CommandStatus.FAILED and (each.response or {}).get("proof") == "refused" for each in last]
    if len(refused) < IN_A_ROW or not all(refused):
        return False
    slot = session.get_one(Slot, (station_id, slot_number), with_for_update=True, populate_existing=True)
    if slot.works != Works.OK:
        return False
    slot.works = Works.LOCKED
    commanding.request(
        station_id=station_id, command="lock_slot", parameters={"slot_number": slot_number},
        requested_by="inspection", now=now,
    )  # fmt: skip
    live.refresh([station_id])
    station = session.get_one(Station, station_id)
    publish("slot_locked", station_sn=station.sn, detail=f"slot {slot_number} refused twice and is locked")
    return True
