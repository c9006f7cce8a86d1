"""Apply what happened at a station: a return, an ejection, the answer to a command, an alarm, a boot."""

from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from powerbank.base.db import open_session
from powerbank.outbox.enqueue import publish
from powerbank.stations.availability import live_rows, presence
from powerbank.stations.commands import ejections
from powerbank.stations.commands import queries as command_queries
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import OPEN, CommandName, CommandStatus, StationCommand
from powerbank.stations.events import StationAlarm
from powerbank.stations.messages import message_log, returns, sequence, snapshots
from powerbank.stations.messages.message import DecodedMessage, StationIdentity, read_firmware
from powerbank.stations.messages.models import Outcome, StationState
from powerbank.stations.models import Slot, Station, StationLive
from powerbank.stations.protocols.events import (
    Alarm,
    AlarmKind,
    Boot,
    CommandAnswer,
    Ejected,
    EjectFailed,
    Event,
    Heartbeat,
    Presence,
    Returned,
    ReturnFailed,
    ReturnSelfTest,
    Snapshot,
    Works,
)


class Consequence(Enum):
    """What is left to find out after an event."""

    KNOWN = "nothing: other messages have said the same before"
    SETTLED = "nothing: a power bank is out or back, and that is all"
    REPEAT = "nothing new, but something may be wrong"
    NEWS = "the next snapshot is compared slot by slot"


def record_heartbeat(state: StationState, event: Heartbeat, *, now: datetime) -> None:
    """Record what a heartbeat says of maintenance and firmware."""
    if event.maintenance is not None:
        state.reports_maintenance = event.maintenance
    firmware = read_firmware(event)
    if firmware is not None:
        changed = open_session().execute(
            update(StationLive)
            .where(StationLive.station_id == state.station_id, StationLive.firmware.is_distinct_from(firmware))
            .values(firmware=firmware)
            .returning(StationLive.station_id)
        )
        if changed.one_or_none() is not None:
            _settle_firmware_update(state.station_id, firmware, now=now)


def apply_event(state: StationState, message: DecodedMessage, event: Event, message_id: UUID, *, now: datetime) -> bool:
    """Apply an event of a station. A repeat gives False."""
    is_newer = sequence.is_newer(state, event.order)
    key = _make_key(message, event)
    if not message_log.keep_message(message, message_id, Outcome.APPLIED if is_newer else Outcome.STALE, key=key):
        return False
    at = message.received.received_at
    consequence = _record_event(state, message, event, message_id, is_newer=is_newer, now=now)
    # Locks are taken in this order everywhere: the row of a power bank, then the live row.
    presence.record_presence(state, online=True, at=at)
    if is_newer:
        if consequence is Consequence.SETTLED:
            snapshots.expect_snapshot(state, at=at)
        elif consequence is not Consequence.KNOWN:
            state.contents = None
        sequence.advance_sequence(state, event.order)  # last, so that one update writes all of the row
    return consequence is not Consequence.REPEAT


def _record_event(
    state: StationState, message: DecodedMessage, event: Event, message_id: UUID, *, is_newer: bool, now: datetime
) -> Consequence:
    station_id = message.station.id
    match event:
        case Returned():
            return _record_return(state, message, event, message_id, is_newer=is_newer)
        case Ejected():
            return _find_consequence(ejections.record_ejection(message.station, event, is_newer=is_newer, now=now))
        case EjectFailed():
            ejections.record_failed_ejection(message.station, event, now=now)
        case CommandAnswer():
            return _find_consequence(_record_answer(message.station, event, is_newer=is_newer, now=now))
        case ReturnSelfTest():
            tested = _find_tested_return(station_id, event)
            if tested is not None:
                returns.record_self_test(station_id, event, tested, now=now)
        case ReturnFailed():
            commands.request_snapshot(station_id, now=now)
        case Alarm():
            _raise_alarm(station_id, event, message_id, is_newer=is_newer)
        case Boot():
            _settle_reboot(station_id, event, now=now)
        case Heartbeat() | Snapshot() | Presence():
            pass
    return Consequence.NEWS


def _find_consequence(left: bool | None) -> Consequence:
    """Find what follows from what an event proves of a bank: it has left just now, or before, or nothing is proven."""
    if left is None:
        return Consequence.NEWS
    return Consequence.SETTLED if left else Consequence.KNOWN


def _record_return(
    state: StationState, message: DecodedMessage, event: Returned, message_id: UUID, *, is_newer: bool
) -> Consequence:
    station_id, received_at = message.station.id, message.received.received_at
    if event.slot is None:  # the bank is somewhere in the station, and a snapshot tells where
        commands.request_snapshot(station_id, now=received_at)
        return Consequence.NEWS
    at = returns.estimate_return_time(event.order, message.station, last=state.reported_at)
    with live_rows.delay_refresh():
        live_rows.refresh_live_rows([station_id])
        is_new = returns.record_return(
            station_id,
            event.slot,
            event.serial,
            at=at,
            received_at=received_at,
            message_id=message_id,
            how="event",
            provisional=event.provisional,
            is_surely_newest=is_newer and event.order.position is not None,
            is_overtaken=not is_newer,
        )
        if is_newer:
            open_session().execute(
                update(Slot)
                .where(Slot.station_id == station_id, Slot.number == event.slot)
                .values(bank_serial=event.serial, charge=event.charge, reported_at=received_at)
            )
    return Consequence.SETTLED if is_new else Consequence.REPEAT


def _record_answer(station: StationIdentity, event: CommandAnswer, *, is_newer: bool, now: datetime) -> bool | None:
    """Record the answer to a command of this station. An answer to a command of another station is not heard."""
    try:
        command_id = UUID(event.command_id)
    except ValueError:
        return None
    command = command_queries.find_command_of_station(command_id, station.id)
    return None if command is None else ejections.record_answer(command, station, event, is_newer=is_newer, now=now)


def _raise_alarm(station_id: UUID, event: Alarm, message_id: UUID, *, is_newer: bool) -> None:
    if event.kind is AlarmKind.SLOT_FAULT and event.slot is not None and is_newer:
        open_session().execute(
            update(Slot).where(Slot.station_id == station_id, Slot.number == event.slot).values(works=Works.FAULTY)
        )
        live_rows.refresh_live_rows([station_id])
    where = f" in slot {event.slot}" if event.slot is not None else ""
    publish(
        StationAlarm(
            station_sn=open_session().get_one(Station, station_id).sn,
            kind=event.kind.value,
            slot_number=event.slot,
            serial=event.serial,
            report_id=message_id,
            detail=f"{event.kind.value}{where}",
        )
    )


def _make_key(message: DecodedMessage, event: Event) -> str | None:
    """Make the key that tells a repeat of an event. Where a protocol numbers nothing, it is made of the facts."""
    if isinstance(event, ReturnSelfTest):
        tested = _find_tested_return(message.station.id, event)
        return None if tested is None else f"self-test:{tested.stay_id}:{tested.rental_id or ''}"
    event_id = getattr(event, "event_id", None)
    if event_id is not None:
        return f"event:{event_id}"
    position = event.order.position
    if position is not None:
        return f"{type(event).__name__}:{position[0]}-{position[1]}"
    if isinstance(event, CommandAnswer):
        return f"answer:{event.command_id}:{event.success}:{event.error}"
    return None


def _find_tested_return(station_id: UUID, event: ReturnSelfTest) -> returns.TestedReturn | None:
    serial = event.serial or _find_serial_in(station_id, event.slot)
    return None if serial is None else returns.find_tested_return(station_id, serial)


def _find_serial_in(station_id: UUID, slot: int | None) -> str | None:
    query = select(Slot.bank_serial).where(Slot.station_id == station_id, Slot.number == slot)
    return open_session().scalar(query) if slot is not None else None


def _settle_reboot(station_id: UUID, event: Boot, *, now: datetime) -> None:
    """Settle a reboot that was asked for: the next boot of the station is its answer."""
    which: ColumnElement[bool] = StationCommand.status.in_(OPEN)
    if event.order.boot_id is not None:
        before = StationCommand.boot_id_before
        which &= before.is_(None) | (before < event.order.boot_id)
    _settle_sent_commands(station_id, CommandName.REBOOT, which, proof="booted", now=now)


def _settle_firmware_update(station_id: UUID, firmware: str, *, now: datetime) -> None:
    """Settle an update whose version the station runs now. Its answer may have been lost with the reboot."""
    which = StationCommand.status.in_((*OPEN, CommandStatus.UNKNOWN)) & (
        StationCommand.parameters["version"].astext == firmware
    )
    _settle_sent_commands(station_id, CommandName.UPDATE_FIRMWARE, which, proof="version", now=now)


def _settle_sent_commands(
    station_id: UUID, name: CommandName, which: ColumnElement[bool], *, proof: str, now: datetime
) -> None:
    query = select(StationCommand).where(
        StationCommand.station_id == station_id,
        StationCommand.command == name,
        StationCommand.sent_at.is_not(None),
        which,
    )
    for command in open_session().scalars(query).all():
        commands.settle_command(command, CommandStatus.SUCCEEDED, {"proof": proof}, now=now)
