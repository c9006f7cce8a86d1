"""What stations said of a power bank, read again from their messages as they came. Snapshots that changed nothing were
not kept: between two that are shown, everything stayed as the first shows it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import db, first_id_of
from powerbank.stations.messages.message import DecodedMessage, ReceivedMessage, StationIdentity, decode_message
from powerbank.stations.messages.models import StationMessage
from powerbank.stations.models import Station
from powerbank.stations.protocols.protocol import StationFacts

MOST_MESSAGES = 200
MINUTE = timedelta(minutes=1)


class Mention(NamedTuple):
    station_sn: str
    received_at: datetime
    kind: str
    outcome: str
    slot_number: int | None  # where it has the bank, or says that something happened to it
    shows_bank: bool | None  # of a snapshot


def list_mentions(serial: str, station_ids: Collection[UUID], *, since: datetime, until: datetime) -> list[Mention]:
    """In the order in which it came."""
    rows = db.session.execute(
        select(StationMessage, Station)
        .join(Station, Station.id == StationMessage.station_id)
        .where(
            StationMessage.station_id.in_(station_ids),
            StationMessage.id >= first_id_of(since - MINUTE),  # an id is made a moment before or after the receipt
            StationMessage.received_at >= since,
            StationMessage.received_at < until,
        )
        .order_by(StationMessage.id)
        .limit(MOST_MESSAGES)
    ).all()
    found = (_find_mention(row.StationMessage, row.Station, serial) for row in rows)
    return [each for each in found if each is not None]


def _find_mention(report: StationMessage, station: Station, serial: str) -> Mention | None:
    """None if it says nothing of this bank."""
    received = ReceivedMessage(report.topic, report.payload, report.received_at)
    message = decode_message(received, StationIdentity(station.id, station.imei, station.protocol), StationFacts())
    snapshot = message.snapshot if message is not None else None
    if snapshot is not None:
        slot = next((slot.number for slot in snapshot.slots if slot.serial == serial), None)
        return Mention(station.sn, report.received_at, report.kind, report.outcome, slot, slot is not None)
    if message is None or not _mentions_bank(message, serial):
        return None
    slot = next((getattr(event, "slot", None) for event in message.events), None)
    return Mention(station.sn, report.received_at, report.kind, report.outcome, slot, None)


def _mentions_bank(message: DecodedMessage, serial: str) -> bool:
    if any(getattr(event, "serial", None) == serial for event in message.events):
        return True
    # By HTTP it comes in other words; what cannot be read is shown too if the serial stands in it.
    return serial.encode() in message.received.payload
