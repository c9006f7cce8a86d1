"""Everything that stations say comes in here: from the daemon, and from gateways that speak HTTP."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, exists, select

from powerbank.base.db import db, first_id_of, new_id, open_session
from powerbank.base.errors import InvalidFieldsError, NotFoundError
from powerbank.content import app_config
from powerbank.outbox.catalogue import station_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.stations.commands.models import Outcome, StationReport
from powerbank.stations.messages import station_events, steady_heartbeats
from powerbank.stations.messages.message import MOST_KEPT, Directory, Known, Message, Received, understand_routed
from powerbank.stations.models import Slot, Station
from powerbank.stations.protocols import json_v1, registry
from powerbank.stations.protocols.events import Order, Returned
from powerbank.stations.protocols.protocol import Decoded, Reason, StationFacts, Undecodable

FLOOD = 20  # messages of one station in one batch

KEPT_FOR = timedelta(days=30)
PRUNED_AT_ONCE = 5000


@dataclass
class Understood:
    """Messages by station, each station's in the order in which they came."""

    by_station: dict[UUID, list[Message]] = field(default_factory=dict)
    strangers: int = 0  # from stations that nobody registered
    superseded: int = 0  # snapshots of a flood, left out for a newer one

    def only(self, stations: set[UUID]) -> "Understood":
        return Understood({each: self.by_station[each] for each in stations})


def understand_all(received: Sequence[Received], directory: Directory, *, now: datetime) -> Understood:
    routed = [(each, registry.route(each.topic)) for each in received]
    known = directory.find({route.imei for _, route in routed if route is not None}, now=now)
    facts = _facts({station.protocol for station in known.values()})
    found = Understood()
    for each, route in routed:
        station = known.get(route.imei) if route is not None else None
        if station is None:
            found.strangers += 1
        elif (message := understand_routed(each, route, station, facts)) is not None:
            if message.problem == Reason.MISMATCH:
                directory.forget(station.imei)  # staff may have given it another protocol
            found.by_station.setdefault(station.id, []).append(message)
    for station_id, messages in found.by_station.items():
        if len(messages) > FLOOD:
            found.by_station[station_id] = _thinned(messages)
            found.superseded += len(messages) - len(found.by_station[station_id])
    return found


def _facts(protocols: set[str]) -> StationFacts:
    """Read only for those that want to know: events of others need no look into the database before their own."""
    if not any(registry.by_name[name].has_check_codes for name in protocols):
        return StationFacts()
    return StationFacts(refuse_wrong_check_codes=app_config.current().refuse_wrong_check_codes)


def _thinned(messages: list[Message]) -> list[Message]:
    """Of a station that floods us, what happened, and the newest of its snapshots."""
    newest = next((message for message in reversed(messages) if message.snapshot is not None), None)
    return [message for message in messages if message.snapshot is None or message is newest]


def apply_usual(found: Understood, *, now: datetime) -> set[UUID]:
    """All that changes nothing but times and charges, at once. Which stations need a closer look comes back."""
    return steady_heartbeats.apply(found.by_station, now=now)


def apply_closely(messages: Sequence[Message], *, now: datetime) -> None:
    """Of one station, in order."""
    station_events.apply(messages, now=now)


def note_failure(message: Message, error: str) -> None:
    """A message that this code cannot take: our mistake, kept for us to look at."""
    received = message.received
    open_session().add(
        StationReport(
            id=new_id(),
            station_id=message.station.id,
            received_at=received.received_at,
            kind="failed",
            outcome=Outcome.FAILED,
            reason=error[:500],
            topic=received.topic,
            payload=received.payload[:MOST_KEPT],
        )
    )


def accept_http(*, station_imei: str, words: dict[str, Any], received_at: datetime) -> None:
    """Takes a heartbeat or an event that a gateway reports, and has a job write it. What nobody could understand is
    refused, since the gateway is there to be told."""
    _registered(station_imei)
    is_event = not words.keys().isdisjoint(("event_id", "type"))
    kind, payload = "events" if is_event else "heartbeat", json.dumps(words)
    found = _in_words(station_imei, kind, payload, received_at)
    if isinstance(found, Undecodable):
        problem = f"This is no report: {found.reason} {found.detail}".strip()
        raise InvalidFieldsError({"_schema": [problem]}, detail=problem)
    # The next heartbeat says it better than a late one. What happened does not happen again.
    expires_at = received_at + KEPT_FOR if is_event else None
    enqueue(
        station_jobs.UPDATE_STATION_STATUS,
        expires_at=expires_at,
        station_imei=station_imei,
        kind=kind,
        payload=payload,
        received_at=received_at.isoformat(),
    )


class Noted(NamedTuple):
    report_id: UUID
    repeat: bool


def note_http(*, station_imei: str, kind: str, payload: str, received_at: datetime) -> Noted:
    """A report in the words of `json-v1`, whatever protocol the station itself speaks."""
    station = _registered(station_imei)
    received = Received(_topic(station_imei, kind), payload.encode(), received_at)
    found = _in_words(station_imei, kind, payload, received_at)
    if isinstance(found, Undecodable):
        message = Message(station, received, problem=f"{found.reason}: {found.detail}"[:200])
    else:
        message = Message(station, received, events=found.events, odd=len(found.notes))
    [applied] = station_events.apply([message], now=received_at)
    return Noted(*applied)


def _in_words(imei: str, kind: str, payload: str, received_at: datetime) -> Decoded | Undecodable:
    return json_v1.decode(_topic(imei, kind), payload.encode(), received_at, StationFacts())


def _topic(imei: str, kind: str) -> str:
    return f"stations/{imei}/{kind}"


def note_http_return(
    *,
    station_imei: str,
    slot_number: int,
    serial: str,
    charge: int | None,
    event_id: str,
    ts: datetime | None,
    received_at: datetime,
) -> Noted:
    """A return that a gateway reports. Inside an open transaction; `repeat` says that it was known."""
    station = _registered(station_imei)
    if not open_session().scalar(select(exists().where(Slot.station_id == station.id, Slot.number == slot_number))):
        told_back = "The station has no such slot."
        raise InvalidFieldsError({"slot_number": [told_back]}, detail=told_back)
    told: dict[str, Any] = {
        "event_id": event_id,
        "slot_number": slot_number,
        "powerbank_sn": serial,
        "battery_level": charge,
        "ts": ts.isoformat() if ts else None,
    }
    received = Received("http/return-event", json.dumps(told).encode(), received_at)
    order = Order(received_at, device_time=ts)
    event = Returned(order, serial, slot_number, charge, event_id=event_id)
    [applied] = station_events.apply([Message(station, received, events=(event,))], now=received_at)
    return Noted(*applied)


def _registered(imei: str) -> Known:
    query = select(Station.id, Station.imei, Station.protocol).where(Station.imei == imei)
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise NotFoundError("station")
    return Known(row.id, row.imei, row.protocol)


def prune(*, now: datetime) -> int:
    """Deletes some of what is too old. 0 when nothing is left to delete."""
    old = (
        select(StationReport.id)
        .where(StationReport.id < first_id_of(now - KEPT_FOR))
        .order_by(StationReport.id)
        .limit(PRUNED_AT_ONCE)
    )
    gone = open_session().execute(delete(StationReport).where(StationReport.id.in_(old)))
    return int(gone.rowcount)  # type: ignore[attr-defined]
