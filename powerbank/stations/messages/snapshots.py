"""A snapshot compared with the database, slot by slot."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

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
from powerbank.stations.messages import returns, slot_agreement
from powerbank.stations.models import Slot, Works
from powerbank.stations.protocols.events import Seen, SlotReport, Snapshot


@dataclass(frozen=True)
class Comparing:
    station_id: UUID
    report_id: UUID
    returned_at: datetime  # of a bank that this snapshot is the first to show
    received_at: datetime


def apply(snapshot: Snapshot, comparing: Comparing) -> int | None:
    """Writes the slot view and settles what the snapshot tells. The revision of the live row at which both agree; None
    if something disagrees, so that the next one must be looked at as closely."""
    with live_rows.delay_refresh():
        live_rows.refresh_live_rows([comparing.station_id])
        looked_at = _compare(snapshot, comparing)
    # One further for what was written just now. Where somebody else wrote since the look, the row is two further.
    return None if looked_at is None else looked_at + 1


def _compare(snapshot: Snapshot, comparing: Comparing) -> int | None:
    station_id, received_at = comparing.station_id, comparing.received_at
    slots = _write_view(station_id, snapshot, received_at)
    shown = {slot.serial: slot for slot in snapshot.slots if slot.seen is Seen.BANK and slot.serial is not None}
    # Nearly all are as they should be, and one look at all of them together tells.
    rows = slot_agreement.slots(station_id, at=received_at)
    in_order = {(row.serial, row.number) for row in rows if row.in_order}
    agreed = bool(rows)
    for serial, report in sorted(shown.items()):
        if (serial, report.number) not in in_order:
            agreed &= _shown(serial, report, comparing)
    for serial, number in _kept_here(station_id):
        if serial not in shown and _is_gone_from(number, slots, snapshot):
            agreed &= _gone(serial, number, comparing)
    _answer_looks(station_id, received_at)
    return rows[0].revision if agreed else None


def _write_view(station_id: UUID, snapshot: Snapshot, received_at: datetime) -> dict[int, SlotReport]:
    """Slots that the registry does not have are left out: a station cannot grow by saying so."""
    reports = {report.number: report for report in snapshot.slots}
    rows = open_session().scalars(
        select(Slot).where(Slot.station_id == station_id).execution_options(populate_existing=True)
    )
    for row in rows:
        report = reports.get(row.number)
        if report is None:
            continue
        # Something that cannot be read takes up the slot: neither to be rented nor to be returned into.
        row.works = Works.FAULTY if report.seen is Seen.UNREADABLE else Works(report.works.value)
        if report.seen is not Seen.UNREADABLE:
            row.bank_serial = report.serial
            row.charge, row.temperature = report.charge, report.temperature
        row.boot_id, row.seq = snapshot.order.boot_id, snapshot.order.seq
        row.reported_at = received_at
    open_session().flush()
    return reports


def _shown(serial: str, report: SlotReport, comparing: Comparing) -> bool:
    station_id, number, received_at = comparing.station_id, report.number, comparing.received_at
    bank = open_session().scalar(select(PowerBank).where(PowerBank.serial == serial))
    if bank is None:
        _note(DiscrepancyKind.UNKNOWN_SERIAL, serial, number, comparing)
        return False
    here = custody_queries.find_whereabouts(bank.id)
    if here.place is Place.SLOT and (here.station_id, here.slot_number) == (station_id, number):
        return _in_its_place(bank, comparing)
    if here.place is Place.USER and returns.undo_ejection(station_id, number, serial, seen_at=received_at):
        return True
    returns.returned(
        station_id,
        number,
        serial,
        at=comparing.returned_at,
        received_at=received_at,
        report_id=comparing.report_id,
        how="snapshot",
    )
    after = custody_queries.find_whereabouts(bank.id)
    return (after.station_id, after.slot_number) == (station_id, number)


def _in_its_place(bank: PowerBank, comparing: Comparing) -> bool:
    """Where it should be. That answers an ejection of which nobody knew, and ends doubts."""
    command = command_queries.find_ejection_in_play(bank.serial, now=comparing.received_at)
    if command is not None and command.station_id == comparing.station_id:
        if command.status == CommandStatus.UNKNOWN or _was_looked_for(command, comparing.received_at):
            ejections.conclude_bank_stayed(command, proof="still_in", now=comparing.received_at)
            return False
        if command.is_open:
            return False
    if bank.doubt is not None:
        banks.clear_doubt(bank.id)
    discrepancies.close_discrepancies(bank.serial, resolution="seen in its slot", now=comparing.received_at)
    return True


def _gone(serial: str, number: int, comparing: Comparing) -> bool:
    command = command_queries.find_ejection_in_play(serial, now=comparing.received_at)
    if command is not None and command.station_id == comparing.station_id and command.sent_at is not None:
        ejections.conclude_bank_left(command, at=command.sent_at, proof="snapshot", now=comparing.received_at)
        return True
    _note(DiscrepancyKind.BANK_MISSING, serial, number, comparing)
    return False


def _was_looked_for(command: StationCommand, received_at: datetime) -> bool:
    return command.is_open and command.looked_at is not None and received_at >= command.looked_at


def _kept_here(station_id: UUID) -> list[tuple[str, int]]:
    """What the database has in this station's slots."""
    query = (
        select(PowerBank.serial, Custody.slot_number)
        .join(Custody, Custody.bank_id == PowerBank.id)
        .where(Custody.station_id == station_id, func.upper_inf(Custody.period))
        .order_by(PowerBank.serial)
    )
    return [(row.serial, row.slot_number) for row in open_session().execute(query)]


def _is_gone_from(number: int, slots: dict[int, SlotReport], snapshot: Snapshot) -> bool:
    report = slots.get(number)
    if report is None:
        return snapshot.complete
    return report.seen is not Seen.UNREADABLE


def _answer_looks(station_id: UUID, received_at: datetime) -> None:
    looks = open_session().scalars(
        select(StationCommand).where(
            StationCommand.station_id == station_id,
            StationCommand.command == CommandName.GET_STATUS,
            StationCommand.status.in_((CommandStatus.SENT, CommandStatus.ACKNOWLEDGED)),
            StationCommand.sent_at <= received_at,
        )
    )
    for command in looks.all():
        commands.settle_command(command, CommandStatus.SUCCEEDED, {"proof": "snapshot"}, now=received_at)


def _note(kind: DiscrepancyKind, serial: str, number: int, comparing: Comparing) -> None:
    discrepancies.open_discrepancy(
        kind=kind,
        serial=serial,
        station_id=comparing.station_id,
        slot_number=number,
        detail={"report_id": str(comparing.report_id)},
        now=comparing.received_at,
    )
