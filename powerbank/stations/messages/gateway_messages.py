"""Take messages of stations that reach us through a gateway that speaks HTTP."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from powerbank.base.db import db, open_session
from powerbank.base.errors import InvalidFieldsError, NotFoundError
from powerbank.outbox.catalogue import station_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.stations.messages import services as message_services
from powerbank.stations.messages.message import DecodedMessage, ReceivedMessage, StationIdentity
from powerbank.stations.messages.message_log import RETENTION
from powerbank.stations.messages.services import AppliedMessage
from powerbank.stations.models import Slot, Station
from powerbank.stations.protocols import json_v1
from powerbank.stations.protocols.events import Order, Returned
from powerbank.stations.protocols.protocol import Decoded, StationFacts, Undecodable


def accept_gateway_message(*, station_imei: str, body: dict[str, Any], received_at: datetime) -> None:
    """Accept a heartbeat or an event from a gateway, and leave a job that applies it.

    A body that cannot be decoded is refused, because the gateway waits for the answer.
    """
    _find_identity(station_imei)
    is_event = not body.keys().isdisjoint(("event_id", "type"))
    kind, payload = "events" if is_event else "heartbeat", json.dumps(body)
    decoded = _decode_body(station_imei, kind, payload, received_at)
    if isinstance(decoded, Undecodable):
        problem = f"This is no report: {decoded.reason} {decoded.detail}".strip()
        raise InvalidFieldsError({"_schema": [problem]}, detail=problem)
    # A late heartbeat is worth nothing, since the next one is newer. An event does not happen a second time.
    expires_at = received_at + RETENTION if is_event else None
    enqueue(
        station_jobs.UPDATE_STATION_STATUS,
        expires_at=expires_at,
        station_imei=station_imei,
        kind=kind,
        payload=payload,
        received_at=received_at.isoformat(),
    )


def apply_gateway_message(*, station_imei: str, kind: str, payload: str, received_at: datetime) -> AppliedMessage:
    """Apply a message that has the form of `json-v1`, whatever protocol the station itself speaks."""
    station = _find_identity(station_imei)
    received = ReceivedMessage(_make_topic(station_imei, kind), payload.encode(), received_at)
    decoded = _decode_body(station_imei, kind, payload, received_at)
    if isinstance(decoded, Undecodable):
        message = DecodedMessage(station, received, problem=f"{decoded.reason}: {decoded.detail}"[:200])
    else:
        message = DecodedMessage(station, received, events=decoded.events, oddities=len(decoded.notes))
    [applied] = message_services.apply_messages([message], now=received_at)
    return applied


def apply_gateway_return(
    *,
    station_imei: str,
    slot_number: int,
    serial: str,
    charge: int | None,
    event_id: str,
    ts: datetime | None,
    received_at: datetime,
) -> AppliedMessage:
    """Apply a return that a gateway tells of."""
    station = _find_identity(station_imei)
    if not open_session().scalar(select(exists().where(Slot.station_id == station.id, Slot.number == slot_number))):
        problem = "The station has no such slot."
        raise InvalidFieldsError({"slot_number": [problem]}, detail=problem)
    payload: dict[str, Any] = {
        "event_id": event_id,
        "slot_number": slot_number,
        "powerbank_sn": serial,
        "battery_level": charge,
        "ts": ts.isoformat() if ts else None,
    }
    received = ReceivedMessage("http/return-event", json.dumps(payload).encode(), received_at)
    event = Returned(Order(received_at, device_time=ts), serial, slot_number, charge, event_id=event_id)
    message = DecodedMessage(station, received, events=(event,))
    [applied] = message_services.apply_messages([message], now=received_at)
    return applied


def _decode_body(imei: str, kind: str, payload: str, received_at: datetime) -> Decoded | Undecodable:
    return json_v1.decode(_make_topic(imei, kind), payload.encode(), received_at, StationFacts())


def _make_topic(imei: str, kind: str) -> str:
    return f"stations/{imei}/{kind}"


def _find_identity(imei: str) -> StationIdentity:
    query = select(Station.id, Station.imei, Station.protocol).where(Station.imei == imei)
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise NotFoundError("station")
    return StationIdentity(row.id, row.imei, row.protocol)
