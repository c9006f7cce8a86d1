"""Decode the messages of stations and apply them, one after the other, to the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from powerbank.base.db import new_id
from powerbank.content import app_config
from powerbank.stations.availability import alerts, presence
from powerbank.stations.commands import services as commands
from powerbank.stations.messages import message_log, returns, sequence, snapshots, station_events
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.messages.message import (
    DecodedMessage,
    ReceivedMessage,
    StationDirectory,
    decode_routed_message,
    digest_contents,
    format_measures,
)
from powerbank.stations.messages.models import Outcome, StationState
from powerbank.stations.messages.snapshots import Comparison
from powerbank.stations.protocols import PROTOCOLS, find_route
from powerbank.stations.protocols.events import Heartbeat, Presence, Snapshot
from powerbank.stations.protocols.protocol import Reason, StationFacts

FLOOD_SIZE = 20  # messages of one station in one batch


@dataclass
class DecodedBatch:
    """The messages of a batch by station; those of one station stand in the order in which they came."""

    by_station: dict[UUID, list[DecodedMessage]] = field(default_factory=dict)
    strangers: int = 0  # messages of stations that nobody registered
    superseded: int = 0  # snapshots of a flood, left out because a newer one is in the batch


class AppliedMessage(NamedTuple):
    message_id: UUID
    repeat: bool


def decode_batch(received: Sequence[ReceivedMessage], directory: StationDirectory, *, now: datetime) -> DecodedBatch:
    """Decode the messages of a batch and sort them by station."""
    routed = [(each, find_route(each.topic)) for each in received]
    known = directory.find({route.imei for _, route in routed if route is not None}, now=now)
    facts = _find_station_facts({station.protocol for station in known.values()})
    batch = DecodedBatch()
    for each, route in routed:
        station = known.get(route.imei) if route is not None else None
        if station is None:
            batch.strangers += 1
        elif (message := decode_routed_message(each, route, station, facts)) is not None:
            if message.problem == Reason.MISMATCH:
                directory.forget(station.imei)  # staff may have given the station another protocol
            batch.by_station.setdefault(station.id, []).append(message)
    for station_id, messages in batch.by_station.items():
        if len(messages) > FLOOD_SIZE:
            batch.by_station[station_id] = _thin_out(messages)
            batch.superseded += len(messages) - len(batch.by_station[station_id])
    return batch


def apply_messages(messages: Sequence[DecodedMessage], *, now: datetime) -> list[AppliedMessage]:
    """Apply the messages of one station in the order in which they came.

    The station's state is locked first, so that no two transactions apply messages of one station at the same time.
    """
    state = message_queries.lock_station_state(messages[0].station.id)
    return [_apply_message(state, message, now=now) for message in messages]


def _find_station_facts(protocols: set[str]) -> StationFacts:
    """Read what decoding may know beyond the message, if one of these protocols wants to know it."""
    if not any(PROTOCOLS[name].has_check_codes for name in protocols):
        return StationFacts()
    return StationFacts(refuse_wrong_check_codes=app_config.current().refuse_wrong_check_codes)


def _thin_out(messages: list[DecodedMessage]) -> list[DecodedMessage]:
    """Keep all events of a station that floods us, and only the newest of its snapshots."""
    newest = next((message for message in reversed(messages) if message.snapshot is not None), None)
    return [message for message in messages if message.snapshot is None or message is newest]


def _apply_message(state: StationState, message: DecodedMessage, *, now: datetime) -> AppliedMessage:
    message_id = new_id()
    if message.problem is not None:
        message_log.count_undecodable(state, message, message_id)
        return AppliedMessage(message_id, repeat=False)
    state.oddities += message.oddities
    if message.snapshot is not None or all(isinstance(event, Heartbeat | Presence) for event in message.events):
        is_new = _apply_heartbeat(state, message, message_id, now=now)
    else:
        is_new = station_events.apply_event(state, message, message.events[0], message_id, now=now)
    return AppliedMessage(message_id, repeat=not is_new)


def _apply_heartbeat(state: StationState, message: DecodedMessage, message_id: UUID, *, now: datetime) -> bool:
    """Apply a heartbeat, a snapshot, or the broker's word about the station's presence. A repeat gives False."""
    at = message.received.received_at
    for event in message.events:
        if isinstance(event, Presence):
            presence.record_presence(state, online=event.online, at=at)
            return True
    if (state.boot_id, state.seq) == message.order.position:
        return False
    is_newer = sequence.is_newer(state, message.order)
    if not is_newer:
        is_newer = message.snapshot is not None and sequence.count_restart(state, message.order)
    if is_newer:
        _apply_newest(state, message, message_id, now=now)
    else:
        message_log.keep_message(message, message_id, Outcome.STALE)
    # Locks are taken in this order everywhere: the rows of power banks, then the live row.
    presence.record_presence(state, online=True, at=at)
    if is_newer:
        sequence.advance_sequence(state, message.order)
    return True


def _apply_newest(state: StationState, message: DecodedMessage, message_id: UUID, *, now: datetime) -> None:
    for event in message.events:
        if isinstance(event, Heartbeat):
            station_events.record_heartbeat(state, event, now=now)
    at = message.received.received_at
    if message.snapshot is not None:
        _apply_snapshot(state, message, message.snapshot, message_id)
    elif state.snapshot_at is None or at - state.snapshot_at >= message.station.heartbeat:
        commands.request_snapshot(message.station.id, now=now)  # this cabinet shows its slots only when it is asked


def _apply_snapshot(state: StationState, message: DecodedMessage, snapshot: Snapshot, message_id: UUID) -> None:
    at = message.received.received_at
    contents, measures = digest_contents(snapshot), format_measures(snapshot)
    if (contents, measures) != (state.contents, state.measures):
        message_log.keep_message(message, message_id, Outcome.APPLIED)
    returned_at = returns.estimate_return_time(
        snapshot.order._replace(device_time=None), message.station, last=state.reported_at
    )
    agreed_revision = snapshots.apply_snapshot(snapshot, Comparison(message.station.id, message_id, returned_at, at))
    state.contents = contents if agreed_revision is not None and snapshot.complete else None
    state.revision = agreed_revision
    state.measures = measures
    state.snapshot_at = at
    alerts.warn_of_low_charges(state, now=at)
