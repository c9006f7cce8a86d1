"""Compare a snapshot of a station with the database, slot by slot.

After an ejection or a return that leaves nothing open, the next snapshot can be foretold. One that shows just what was
foretold needs no comparison. The database's function `slot_agreements` tells in which slots both agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from powerbank.base.db import open_session
from powerbank.stations.availability import live_rows
from powerbank.stations.commands import ejections
from powerbank.stations.commands import queries as command_queries
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandName, CommandStatus, StationCommand
from powerbank.stations.custody import discrepancies
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Custody, DiscrepancyKind, Place, PowerBank
from powerbank.stations.messages import returns
from powerbank.stations.messages.message import digest_contents
from powerbank.stations.messages.models import StationState
from powerbank.stations.models import Slot
from powerbank.stations.protocols.events import Order, Seen, SlotReading, Snapshot, Works

_SLOT_AGREEMENTS = text("SELECT * FROM slot_agreements(:station_id, :ejections_after)")


@dataclass(frozen=True)
class Comparison:
    """Which snapshot is compared, and when."""

    station_id: UUID
    message_id: UUID
    returned_at: datetime  # of a bank that this snapshot is the first to show
    received_at: datetime


def apply_snapshot(snapshot: Snapshot, comparison: Comparison) -> int | None:
    """Write the slots as the snapshot shows them, and settle what it proves.

    The result is the revision of the live row at which the station and the database agree. None: they disagree, and the
    next snapshot must be compared slot by slot as well.
    """
    with live_rows.delay_refresh():
        live_rows.refresh_live_rows([comparison.station_id])
        revision = _compare(snapshot, comparison)
    # The refresh adds one to the revision. If somebody else has changed the station meanwhile, the row has two more.
    return None if revision is None else revision + 1


def expect_snapshot(state: StationState, *, at: datetime) -> None:
    """Note what the next snapshot shows if nothing else happens. Where something is open, it is to be compared.

    The revision is read together with the slots, so that any change to the station after this moment is noticed.
    """
    rows = _list_slot_agreements(state.station_id, at=at)
    occupied = sum(row.serial is not None for row in rows)
    state.contents = None
    if rows and all(row.agrees and row.banks_in_custody == occupied for row in rows):
        readings = [
            SlotReading(row.number, Works(row.works), Seen.EMPTY if row.serial is None else Seen.BANK, row.serial)
            for row in rows
        ]
        state.contents = digest_contents(Snapshot(Order(at), tuple(readings), complete=True))
        state.revision = rows[0].revision


def _list_slot_agreements(station_id: UUID, *, at: datetime) -> Sequence[Any]:
    """List the slots as the station showed them last, and whether the database agrees on what each of them holds."""
    session = open_session()
    session.flush()
    ejections_after = at - command_queries.LATE_EJECTION
    return session.execute(_SLOT_AGREEMENTS, {"station_id": station_id, "ejections_after": ejections_after}).all()


def _compare(snapshot: Snapshot, comparison: Comparison) -> int | None:
    station_id, received_at = comparison.station_id, comparison.received_at
    readings = _write_slots(station_id, snapshot, received_at)
    shown = {slot.serial: slot for slot in snapshot.slots if slot.seen is Seen.BANK and slot.serial is not None}
    # One query finds the slots in order, which are nearly all of them. Only the others are settled one by one.
    rows = _list_slot_agreements(station_id, at=received_at)
    agreed_slots = {(row.serial, row.number) for row in rows if row.agrees}
    agreed = bool(rows)
    for serial, reading in sorted(shown.items()):
        if (serial, reading.number) not in agreed_slots:
            agreed &= _settle_shown_bank(serial, reading, comparison)
    for serial, number in _list_banks_in_slots(station_id):
        if serial not in shown and _is_missing_from(number, readings, snapshot):
            agreed &= _settle_missing_bank(serial, number, comparison)
    _settle_snapshot_requests(station_id, received_at)
    return rows[0].revision if agreed else None


def _write_slots(station_id: UUID, snapshot: Snapshot, received_at: datetime) -> dict[int, SlotReading]:
    """Write the slots that the registry has. A station does not get more slots by showing them."""
    readings = {reading.number: reading for reading in snapshot.slots}
    rows = open_session().scalars(
        select(Slot).where(Slot.station_id == station_id).execution_options(populate_existing=True)
    )
    for row in rows:
        reading = readings.get(row.number)
        if reading is None:
            continue
        # Something that cannot be read takes up its slot: nothing can be rented from it or returned into it.
        is_unreadable = reading.seen is Seen.UNREADABLE
        row.works = Works.FAULTY if is_unreadable else reading.works
        if not is_unreadable:
            row.bank_serial = reading.serial
            row.charge, row.temperature = reading.charge, reading.temperature
        row.boot_id, row.seq = snapshot.order.boot_id, snapshot.order.seq
        row.reported_at = received_at
    open_session().flush()
    return readings


def _settle_shown_bank(serial: str, reading: SlotReading, comparison: Comparison) -> bool:
    """Settle what it means that a slot shows this bank. True if the station and the database agree afterwards."""
    station_id, number, received_at = comparison.station_id, reading.number, comparison.received_at
    bank = open_session().scalar(select(PowerBank).where(PowerBank.serial == serial))
    if bank is None:
        _open_discrepancy(DiscrepancyKind.UNKNOWN_SERIAL, serial, number, comparison)
        return False
    here = custody_queries.find_whereabouts(bank.id)
    if here.place is Place.SLOT and (here.station_id, here.slot_number) == (station_id, number):
        return _settle_bank_in_place(bank, comparison)
    if here.place is Place.USER and returns.undo_ejection(station_id, number, serial, seen_at=received_at):
        return True
    returns.record_return(
        station_id,
        number,
        serial,
        at=comparison.returned_at,
        received_at=received_at,
        message_id=comparison.message_id,
        how="snapshot",
    )
    after = custody_queries.find_whereabouts(bank.id)
    return (after.station_id, after.slot_number) == (station_id, number)


def _settle_bank_in_place(bank: PowerBank, comparison: Comparison) -> bool:
    """Settle what it means that a bank is where it should be: its ejections have failed, or a doubt is over."""
    in_play = command_queries.list_ejections_in_play(bank.serial, now=comparison.received_at)
    here = [command for command in in_play if command.station_id == comparison.station_id]
    proven = [
        each for each in here if each.status == CommandStatus.UNKNOWN or _is_proof_for(each, comparison.received_at)
    ]
    for command in proven:
        ejections.conclude_bank_stayed(command, proof="still_in", now=comparison.received_at)
    if proven or any(command.is_open for command in here):
        return False
    if bank.doubt is not None:
        banks.clear_doubt(bank.id)
    discrepancies.close_discrepancies(bank.serial, resolution="seen in its slot", now=comparison.received_at)
    return True


def _settle_missing_bank(serial: str, number: int, comparison: Comparison) -> bool:
    """Settle what it means that a bank is no longer in its slot: it was ejected, or it is missing."""
    command = command_queries.find_ejection_in_play(serial, now=comparison.received_at)
    if command is not None and command.station_id == comparison.station_id and command.sent_at is not None:
        ejections.conclude_bank_left(command, at=command.sent_at, proof="snapshot", now=comparison.received_at)
        return True
    _open_discrepancy(DiscrepancyKind.BANK_MISSING, serial, number, comparison)
    return False


def _is_proof_for(command: StationCommand, received_at: datetime) -> bool:
    """Tell whether a snapshot of that time was taken late enough to show what the command did."""
    return (
        command.is_open and command.snapshot_decides_from is not None and received_at >= command.snapshot_decides_from
    )


def _list_banks_in_slots(station_id: UUID) -> list[tuple[str, int]]:
    """List the banks that the database has in slots of this station."""
    query = (
        select(PowerBank.serial, Custody.slot_number)
        .join(Custody, Custody.bank_id == PowerBank.id)
        .where(Custody.station_id == station_id, func.upper_inf(Custody.period))
        .order_by(PowerBank.serial)
    )
    return [(row.serial, row.slot_number) for row in open_session().execute(query)]


def _is_missing_from(number: int, readings: dict[int, SlotReading], snapshot: Snapshot) -> bool:
    reading = readings.get(number)
    if reading is None:
        return snapshot.complete
    return reading.seen is not Seen.UNREADABLE


def _settle_snapshot_requests(station_id: UUID, received_at: datetime) -> None:
    """Settle the commands that asked for a snapshot: this one is their answer."""
    requests = open_session().scalars(
        select(StationCommand).where(
            StationCommand.station_id == station_id,
            StationCommand.command == CommandName.GET_STATUS,
            StationCommand.status.in_((CommandStatus.SENT, CommandStatus.ACKNOWLEDGED)),
            StationCommand.sent_at <= received_at,
        )
    )
    for command in requests.all():
        commands.settle_command(command, CommandStatus.SUCCEEDED, {"proof": "snapshot"}, now=received_at)


def _open_discrepancy(kind: DiscrepancyKind, serial: str, number: int, comparison: Comparison) -> None:
    discrepancies.open_discrepancy(
        kind=kind,
        serial=serial,
        station_id=comparison.station_id,
        slot_number=number,
        detail={"report_id": str(comparison.message_id)},
        now=comparison.received_at,
    )
