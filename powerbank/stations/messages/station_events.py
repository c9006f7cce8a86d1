"""A station's messages applied one by one, in the order in which they came. What is usual goes `quickly`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update

from powerbank.base.db import new_id, open_session
from powerbank.content import app_config
from powerbank.outbox.enqueue import publish
from powerbank.stations.availability import alerts, live_rows
from powerbank.stations.commands import ejections
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import Outcome, StationCommand, StationState
from powerbank.stations.events import StationAlarm
from powerbank.stations.messages import command_proofs, message_log, returns, sequence, slot_agreement, snapshots
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.messages.message import Known, Message, contents_of, firmware_in, measures_of
from powerbank.stations.messages.snapshots import Comparing
from powerbank.stations.models import Slot, Station, StationLive, Works
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
)


class Applied(NamedTuple):
    report_id: UUID
    repeat: bool


def apply(messages: Sequence[Message], *, now: datetime) -> list[Applied]:
    """Of one station, in order, inside an open transaction. Its state is locked first, so its messages never cross."""
    state = message_queries.lock(messages[0].station.id)
    return [_apply(state, message, now=now) for message in messages]


def _apply(state: StationState, message: Message, *, now: datetime) -> Applied:
    report_id = new_id()
    if message.problem is not None:
        message_log.count_nonsense(state, message, report_id)
        return Applied(report_id, repeat=False)
    state.odd += message.odd
    if message.snapshot is not None or all(isinstance(event, Heartbeat | Presence) for event in message.events):
        repeat = not _apply_state(state, message, report_id, now=now)
    else:
        repeat = not _apply_event(state, message, message.events[0], report_id, now=now)
    return Applied(report_id, repeat)


def _apply_state(state: StationState, message: Message, report_id: UUID, *, now: datetime) -> bool:
    """A heartbeat, a snapshot, or a word of the broker. False if it was here before."""
    at = message.received.received_at
    for event in message.events:
        if isinstance(event, Presence):
            alerts.note_presence(state, online=event.online, at=at)
            return True
        if isinstance(event, Heartbeat):
            _note_heartbeat(state, event, now=now)
    if (state.boot_id, state.seq) == message.order.position:
        return False
    newer = sequence.is_newer(state, message.order)
    if not newer:
        newer = message.snapshot is not None and sequence.has_restarted(state, message.order)
    if not newer:
        message_log.keep(message, report_id, Outcome.STALE)
    elif message.snapshot is not None:
        _show(state, message, message.snapshot, report_id)
    elif state.snapshot_at is None or at - state.snapshot_at >= message.station.heartbeat:
        commands.request_snapshot(message.station.id, now=now)  # a cabinet that shows its slots only when it is asked
    alerts.note_presence(state, online=True, at=at)  # after it: banks' rows are locked before the live row
    if newer:
        sequence.advance(state, message.order)
    return True


def _show(state: StationState, message: Message, snapshot: Snapshot, report_id: UUID) -> None:
    at = message.received.received_at
    contents, measures = contents_of(snapshot), measures_of(snapshot)
    if (contents, measures) != (state.contents, state.measures):
        message_log.keep(message, report_id, Outcome.APPLIED)
    returned_at = returns.moment(
        snapshot.order._replace(device_time=None),
        last=state.reported_at,
        offline_after=_offline_after(message.station),
    )
    agreed_at = snapshots.apply(snapshot, Comparing(message.station.id, report_id, returned_at, at))
    state.contents = contents if agreed_at is not None and snapshot.complete else None
    state.revision = agreed_at
    state.measures = measures
    state.snapshot_at = at
    alerts.look_at_charges(state, now=at)


def _note_heartbeat(state: StationState, event: Heartbeat, *, now: datetime) -> None:
    if event.maintenance is not None:
        state.reports_maintenance = event.maintenance
    firmware = firmware_in(event)
    if firmware is not None:
        changed = open_session().execute(
            update(StationLive)
            .where(StationLive.station_id == state.station_id, StationLive.firmware.is_distinct_from(firmware))
            .values(firmware=firmware)
            .returning(StationLive.station_id)
        )
        if changed.one_or_none() is not None:
            command_proofs.runs(state.station_id, firmware, now=now)


def _offline_after(station: Known) -> timedelta:
    return station.heartbeat * app_config.current().offline_after_intervals


class Told(Enum):
    """What an event leaves to find out."""

    KNOWN = "nothing: it says what others have said before it"
    SETTLED = "nothing: a bank is out, or back, and that is all"
    REPEAT = "nothing new, but something may be wrong"
    NEWS = "the next snapshot is looked at closely"


def _apply_event(state: StationState, message: Message, event: Event, report_id: UUID, *, now: datetime) -> bool:
    fresh = sequence.is_newer(state, event.order)
    key = _key(state, message, event)
    if not message_log.keep(message, report_id, Outcome.APPLIED if fresh else Outcome.STALE, key=key):
        return False
    at = message.received.received_at
    told = _happened(state, message, event, report_id, fresh=fresh, now=now)
    alerts.note_presence(state, online=True, at=at)  # after it: a bank's row is locked before the live row
    if fresh:
        sequence.advance(state, event.order)
        if told is Told.SETTLED:
            slot_agreement.expect(state, at=at)
        elif told is not Told.KNOWN:
            state.contents = None
    return told is not Told.REPEAT


def _happened(
    state: StationState, message: Message, event: Event, report_id: UUID, *, fresh: bool, now: datetime
) -> Told:
    station_id = message.station.id
    match event:
        case Returned():
            return _returned(state, message, event, report_id, fresh=fresh)
        case Ejected():
            return _told(ejections.record_ejection(message.station, event, fresh=fresh, now=now))
        case EjectFailed():
            ejections.record_failed_ejection(message.station, event, now=now)
        case CommandAnswer():
            return _told(_answer(message.station, event, fresh=fresh, now=now))
        case ReturnSelfTest():
            serial = event.serial or _serial_in(station_id, event.slot)
            key = _key(state, message, event)
            if serial is not None and key is not None:
                ended = key.rpartition(":")[2]
                rental_id = UUID(ended) if ended else None
                returns.tell_self_test(station_id, event, serial=serial, rental_id=rental_id, now=now)
        case ReturnFailed():
            commands.request_snapshot(station_id, now=now)
        case Alarm():
            _alarm(station_id, event, report_id, fresh=fresh)
        case Boot():
            command_proofs.booted(station_id, now=now)
        case Heartbeat() | Snapshot() | Presence():
            pass
    return Told.NEWS


def _told(out: bool | None) -> Told:
    """Of an ejection: proven just now, or before; None if it proves nothing."""
    if out is None:
        return Told.NEWS
    return Told.SETTLED if out else Told.KNOWN


def _returned(state: StationState, message: Message, event: Returned, report_id: UUID, *, fresh: bool) -> Told:
    station_id, received_at = message.station.id, message.received.received_at
    if event.slot is None:  # somewhere in it: a snapshot tells where
        commands.request_snapshot(station_id, now=received_at)
        return Told.NEWS
    at = returns.moment(event.order, last=state.reported_at, offline_after=_offline_after(message.station))
    with live_rows.delay_refresh():
        live_rows.refresh_live_rows([station_id])
        new = returns.returned(
            station_id,
            event.slot,
            event.serial,
            at=at,
            received_at=received_at,
            report_id=report_id,
            how="event",
            provisional=event.provisional,
            ordered=fresh and event.order.position is not None,
            overtaken=not fresh,
        )
        if fresh:
            open_session().execute(
                update(Slot)
                .where(Slot.station_id == station_id, Slot.number == event.slot)
                .values(bank_serial=event.serial, charge=event.charge, reported_at=received_at)
            )
    return Told.SETTLED if new else Told.REPEAT


def _answer(station: Known, event: CommandAnswer, *, fresh: bool, now: datetime) -> bool | None:
    """Of a command to this station: a station that answers for another is not heard."""
    try:
        command_id = UUID(event.command_id)
    except ValueError:
        return None
    command = open_session().scalar(
        select(StationCommand)
        .where(StationCommand.id == command_id, StationCommand.station_id == station.id)
        .execution_options(populate_existing=True)
    )
    return None if command is None else ejections.record_answer(command, station, event, fresh=fresh, now=now)


def _alarm(station_id: UUID, event: Alarm, report_id: UUID, *, fresh: bool) -> None:
    if event.kind is AlarmKind.SLOT_FAULT and event.slot is not None and fresh:
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
            report_id=report_id,
            detail=f"{event.kind.value}{where}",
        )
    )


def _serial_in(station_id: UUID, slot: int | None) -> str | None:
    query = select(Slot.bank_serial).where(Slot.station_id == station_id, Slot.number == slot)
    return open_session().scalar(query) if slot is not None else None


def _key(state: StationState, message: Message, event: Event) -> str | None:
    """What a repeat is known by. Where a protocol numbers nothing, the facts themselves tell repeats apart."""
    if isinstance(event, ReturnSelfTest):
        serial = _serial_in(message.station.id, event.slot)
        return returns.self_tested(message.station.id, event, serial=serial, now=event.order.received_at)
    event_id = getattr(event, "event_id", None)
    if event_id is not None:
        return f"event:{event_id}"
    position = event.order.position
    if position is not None:
        return f"{type(event).__name__}:{position[0]}-{position[1]}"
    if isinstance(event, CommandAnswer):
        return f"answer:{event.command_id}:{event.success}:{event.error}"
    return None
