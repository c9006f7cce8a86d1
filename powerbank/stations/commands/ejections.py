"""What became of an ejection. Custody follows what is proven, and the command is settled last: a rental that asks for
the next one must not wait for a lock that waits for it."""

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
from powerbank.stations.messages.message import Known
from powerbank.stations.models import Slot
from powerbank.stations.protocols import registry
from powerbank.stations.protocols.commands import Outgoing
from powerbank.stations.protocols.events import CommandAnswer, Ejected, EjectFailed, Order, Proof

# The promise is kept; a late bank leaves the promise of the next one as it is.
_LEFT = text("""
    WITH kept AS (DELETE FROM bank_reservations WHERE bank_id = :bank_id AND rental_id = :rental_id),
         worn AS (UPDATE power_banks SET cycles = cycles + 1 WHERE id = :bank_id AND :moved)
    UPDATE slots SET bank_serial = NULL, charge = NULL, temperature = NULL
     WHERE :clear AND station_id = :station_id AND number = :number AND bank_serial = :serial
""")


def record_answer(
    command: StationCommand, station: Known, event: CommandAnswer, *, fresh: bool, now: datetime
) -> bool | None:
    """True if this proves that the bank came out, False if that was known, None if it proves no such thing."""
    told: dict[str, Any] = {"success": event.success, "error": event.error, "data": dict(event.data or {})}
    if not command.is_eject:
        status = CommandStatus.SUCCEEDED if event.success else CommandStatus.FAILED
        commands.settle_command(command, status, told, now=now)
        return None
    proof = event.proof
    if proof is Proof.OUT and event.serial not in (None, command.serial):
        proof = Proof.NONE  # it speaks of another bank
    return _conclude(command, station, proof, told, event.order, fresh=fresh, now=now)


def record_ejection(station: Known, event: Ejected, *, fresh: bool, now: datetime) -> bool | None:
    """Answers as `answered` does."""
    command = _find_meant_ejection(station.id, event.serial, event.slot, now=now)
    if command is not None:
        return _conclude(command, station, Proof.OUT, {}, event.order, fresh=fresh, now=now)
    if not fresh or event.serial is None:
        return None
    if _is_known_to_be_out(station.id, event.serial):
        return False
    record_unrequested_ejection(station.id, event.serial, event.slot, now=now)
    return None


def record_failed_ejection(station: Known, event: EjectFailed, *, now: datetime) -> None:
    command = _find_meant_ejection(station.id, event.serial, event.slot, now=now)
    if command is not None:
        _conclude(command, station, event.proof, {"error": event.reason}, event.order, fresh=False, now=now)


def conclude_bank_left(
    command: StationCommand,
    *,
    at: datetime,
    proof: str,
    now: datetime,
    told: dict[str, Any] | None = None,
    clear_slot: bool = True,
) -> bool:
    """The bank came out at this time. False if that was known."""
    if command.status == CommandStatus.SUCCEEDED:
        return False
    session = open_session()
    with live_rows.delay_refresh():
        live_rows.refresh_live_rows([command.station_id])
        bank_id = session.scalar(select(PowerBank.id).where(PowerBank.serial == command.serial).with_for_update())
        moved = bank_id is not None and banks.move_locked_bank(
            bank_id, _receiver_of(command), at=at, cause="ejected", out_of=command.station_id
        )
        left = {
            "bank_id": bank_id,
            "rental_id": command.rental_id,
            "moved": moved,
            "clear": clear_slot,
            "station_id": command.station_id,
            "number": command.slot_number,
            "serial": command.serial,
        }
        session.execute(_LEFT, left)
    return commands.settle_command(
        command, CommandStatus.SUCCEEDED, (told or {}) | {"proof": proof, "ejected_at": format_time(at)}, now=now
    )


def conclude_bank_stayed(
    command: StationCommand, *, proof: str, now: datetime, told: dict[str, Any] | None = None
) -> bool:
    """The bank is in its slot all the same."""
    return commands.settle_command(command, CommandStatus.FAILED, (told or {}) | {"proof": proof}, now=now)


def record_unrequested_ejection(station_id: UUID, serial: str, slot_number: int | None, *, now: datetime) -> None:
    """It went out, or is gone, and nobody asked for it."""
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
    station: Known,
    proof: Proof,
    told: dict[str, Any],
    order: Order,
    *,
    fresh: bool,
    now: datetime,
) -> bool | None:
    if proof is Proof.OUT:
        news = conclude_bank_left(
            command, at=_estimate_ejection_time(command, order), proof="confirmed", told=told, now=now, clear_slot=fresh
        )
        if news:
            _request_snapshot_after(command, station, now=now)
        return news
    if proof is Proof.IN:
        conclude_bank_stayed(command, proof="refused", told=told, now=now)
    elif command.is_open and command.looked_at is None:
        commands.acknowledge_command(command, told)
        commands.request_outcome_snapshot(command, now=now, at=now + _settling_time(command, station))
    return None


def _estimate_ejection_time(command: StationCommand, order: Order) -> datetime:
    """The device's time if it can be: not before the command went out, and not after we heard of it."""
    sent, said = command.sent_at or command.created_at, order.device_time
    return said if said is not None and sent <= said <= order.received_at else max(sent, order.received_at)


def _receiver_of(command: StationCommand) -> Whereabouts:
    if command.rental_id is not None:
        return Whereabouts(Place.USER, rental_id=command.rental_id)
    return Whereabouts(Place.CREW, holder=command.requested_by)


def _find_meant_ejection(
    station_id: UUID, serial: str | None, slot: int | None, *, now: datetime
) -> StationCommand | None:
    """Which command a report speaks of that names none."""
    command = command_queries.find_open_ejection(station_id)
    named = command is not None and (serial == command.serial or (serial is None and slot == command.slot_number))
    if command is not None and named and command.sent_at is not None:
        return command
    late = command_queries.find_ejection_in_play(serial, now=now) if serial is not None else None
    return late if late is not None and late.station_id == station_id else None


def _is_known_to_be_out(station_id: UUID, serial: str) -> bool:
    bank = open_session().scalar(select(PowerBank).where(PowerBank.serial == serial))
    if bank is None:
        return False
    here = custody_queries.find_whereabouts(bank.id)
    return not (here.place is Place.SLOT and here.station_id == station_id)


def _settling_time(command: StationCommand, station: Known) -> timedelta:
    """How long the cabinet takes until a snapshot shows what it did."""
    outgoing = registry.by_name[station.protocol].encode(encoding.translate_command(command), station.imei)
    return timedelta(seconds=outgoing.look_after if isinstance(outgoing, Outgoing) else 0)


def _request_snapshot_after(command: StationCommand, station: Known, *, now: datetime) -> None:
    """Cabinets that show their slots only when asked are asked, to see that the bank is really gone."""
    settling = _settling_time(command, station)
    if settling:
        commands.request_snapshot(command.station_id, now=now, at=now + settling)
