"""Conclude what became of an ejection.

Custody follows what is proven. The command is settled last, because a rental that asks for the next ejection must not
wait for a lock that waits for the rental.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update

from powerbank.base.clock import format_time
from powerbank.base.db import open_session
from powerbank.stations.availability import live_rows
from powerbank.stations.commands import encoding
from powerbank.stations.commands import queries as command_queries
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.custody import discrepancies
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import DiscrepancyKind, Place, PowerBank, Whereabouts
from powerbank.stations.messages.message import StationIdentity
from powerbank.stations.models import Slot
from powerbank.stations.protocols.events import CommandAnswer, Ejected, EjectFailed, Order, Proof

# The reservation ends with the ejection that it was for. A bank that comes out late leaves the reservation of the next
# rental as it is.
_EMPTY_SLOT = text("""
    WITH reservation AS (DELETE FROM bank_reservations WHERE bank_id = :bank_id AND rental_id = :rental_id),
         worn AS (UPDATE power_banks SET cycles = cycles + 1 WHERE id = :bank_id AND :moved)
    UPDATE slots SET bank_serial = NULL, charge = NULL, temperature = NULL
     WHERE :clear AND station_id = :station_id AND number = :number AND bank_serial = :serial
""")


def record_answer(
    command: StationCommand, station: StationIdentity, event: CommandAnswer, *, is_newer: bool, now: datetime
) -> bool | None:
    """Record the answer to a command.

    True: it proves that the bank left its slot. False: that was known before. None: it proves no such thing.
    """
    response: dict[str, Any] = {"success": event.success, "error": event.error, "data": dict(event.data or {})}
    if not command.is_eject:
        status = CommandStatus.SUCCEEDED if event.success else CommandStatus.FAILED
        commands.settle_command(command, status, response, now=now)
        return None
    proof = event.proof
    if proof is Proof.OUT and event.serial not in (None, command.serial):
        proof = Proof.NONE  # the answer speaks of another bank
    return _conclude(command, station, proof, response, event.order, is_newer=is_newer, now=now)


def record_ejection(station: StationIdentity, event: Ejected, *, is_newer: bool, now: datetime) -> bool | None:
    """Record that a station has ejected a bank. The result is that of `record_answer`."""
    command = _find_meant_ejection(station.id, event.serial, event.slot, now=now)
    if command is not None:
        return _conclude(command, station, Proof.OUT, {}, event.order, is_newer=is_newer, now=now)
    if not is_newer or event.serial is None:
        return None
    if _is_known_to_be_out(station.id, event.serial):
        return False
    _record_unrequested_ejection(station.id, event.serial, event.slot, now=now)
    return None


def record_failed_ejection(station: StationIdentity, event: EjectFailed, *, now: datetime) -> None:
    """Record that a station says that an ejection has failed."""
    command = _find_meant_ejection(station.id, event.serial, event.slot, now=now)
    if command is not None:
        _conclude(command, station, event.proof, {"error": event.reason}, event.order, is_newer=False, now=now)


def conclude_bank_left(
    command: StationCommand,
    *,
    at: datetime,
    proof: str,
    now: datetime,
    response: dict[str, Any] | None = None,
    clear_slot: bool = True,
) -> bool:
    """Conclude that the bank left its slot at this time. False if that is known already."""
    if command.status == CommandStatus.SUCCEEDED:
        return False
    session = open_session()
    with live_rows.delay_refresh():
        live_rows.refresh_live_rows([command.station_id])
        bank_id = session.scalar(select(PowerBank.id).where(PowerBank.serial == command.serial).with_for_update())
        moved = bank_id is not None and banks.move_locked_bank(
            bank_id, _find_receiver(command), at=at, cause="ejected", out_of=command.station_id
        )
        values = {
            "bank_id": bank_id,
            "rental_id": command.rental_id,
            "moved": moved,
            "clear": clear_slot,
            "station_id": command.station_id,
            "number": command.slot_number,
            "serial": command.serial,
        }
        session.execute(_EMPTY_SLOT, values)
    facts = (response or {}) | {"proof": proof, "ejected_at": format_time(at)}
    return commands.settle_command(command, CommandStatus.SUCCEEDED, facts, now=now)


def conclude_bank_stayed(
    command: StationCommand, *, proof: str, now: datetime, response: dict[str, Any] | None = None
) -> bool:
    """Conclude that the bank is still in its slot. False if that is known already."""
    return commands.settle_command(command, CommandStatus.FAILED, (response or {}) | {"proof": proof}, now=now)


def _record_unrequested_ejection(station_id: UUID, serial: str, slot_number: int | None, *, now: datetime) -> None:
    """Record that a bank left its slot although nobody had asked for it: it is missing."""
    session = open_session()
    session.execute(
        update(Slot)
        .where(Slot.station_id == station_id, Slot.bank_serial == serial)
        .values(bank_serial=None, charge=None, temperature=None)
    )
    discrepancies.open_discrepancy(
        kind=DiscrepancyKind.BANK_MISSING,
        serial=serial,
        station_id=station_id,
        slot_number=slot_number,
        detail={},
        now=now,
    )
    live_rows.refresh_live_rows([station_id])


def _conclude(
    command: StationCommand,
    station: StationIdentity,
    proof: Proof,
    response: dict[str, Any],
    order: Order,
    *,
    is_newer: bool,
    now: datetime,
) -> bool | None:
    if proof is Proof.OUT:
        at = _estimate_ejection_time(command, order)
        is_news = conclude_bank_left(command, at=at, proof="confirmed", response=response, now=now, clear_slot=is_newer)
        if is_news:
            _request_snapshot_after(command, station, now=now)
        return is_news
    if proof is Proof.IN:
        conclude_bank_stayed(command, proof="refused", response=response, now=now)
    elif command.is_open and command.snapshot_decides_from is None:
        commands.acknowledge_command(command, response)
        commands.request_outcome_snapshot(command, now=now, at=now + _find_settling_time(command, station))
    return None


def _estimate_ejection_time(command: StationCommand, order: Order) -> datetime:
    """Take the device's time if it lies between the sending of the command and the receipt of the message."""
    sent, device_time = command.sent_at or command.created_at, order.device_time
    if device_time is not None and sent <= device_time <= order.received_at:
        return device_time
    return max(sent, order.received_at)


def _find_receiver(command: StationCommand) -> Whereabouts:
    """Find who has the bank after its ejection: the rental's user, or the crew if staff asked for it."""
    if command.rental_id is not None:
        return Whereabouts(Place.USER, rental_id=command.rental_id)
    return Whereabouts(Place.CREW, holder=command.requested_by)


def _find_meant_ejection(
    station_id: UUID, serial: str | None, slot: int | None, *, now: datetime
) -> StationCommand | None:
    """Find the command that a message speaks of without naming it."""
    command = command_queries.find_open_ejection(station_id)
    is_named = command is not None and (serial == command.serial or (serial is None and slot == command.slot_number))
    if command is not None and is_named and command.sent_at is not None:
        return command
    late = command_queries.find_ejection_in_play(serial, now=now) if serial is not None else None
    return late if late is not None and late.station_id == station_id else None


def _is_known_to_be_out(station_id: UUID, serial: str) -> bool:
    bank = open_session().scalar(select(PowerBank).where(PowerBank.serial == serial))
    if bank is None:
        return False
    here = custody_queries.find_whereabouts(bank.id)
    return not (here.place is Place.SLOT and here.station_id == station_id)


def _find_settling_time(command: StationCommand, station: StationIdentity) -> timedelta:
    """Find how long the cabinet takes until a snapshot shows what it did."""
    return timedelta(seconds=encoding.find_settling_seconds(command, station.protocol, station.imei))


def _request_snapshot_after(command: StationCommand, station: StationIdentity, *, now: datetime) -> None:
    """Request a snapshot that shows whether the bank is really gone, from a cabinet that shows its slots when asked."""
    settling_time = _find_settling_time(command, station)
    if settling_time:
        commands.request_snapshot(command.station_id, now=now, at=now + settling_time)
