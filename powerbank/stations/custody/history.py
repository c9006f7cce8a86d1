"""Read what stations said of a power bank, from their messages as they came.

Snapshots that changed nothing were not kept: between two snapshots that are shown, all stayed as the first one shows.
"""

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
    """A message that speaks of a power bank."""

    station_sn: str
    received_at: datetime
    kind: str
    outcome: str
    slot_number: int | None  # where the station has the bank, or says that something happened to it
    shows_bank: bool | None  # given for a snapshot only


def list_mentions(serial: str, station_ids: Collection[UUID], *, since: datetime, until: datetime) -> list[Mention]:
    """List the messages of these stations that speak of a bank, oldest first."""
    rows = db.session.execute(
        select(StationMessage, Station)
        .join(Station, Station.id == StationMessage.station_id)
        .where(
            StationMessage.station_id.in_(station_ids),
            StationMessage.id
            >= first_id_of(since - MINUTE),  # an identifier is made a moment before or after the receipt
            StationMessage.received_at >= since,
            StationMessage.received_at < until,
        )
        .order_by(StationMessage.id)
        .limit(MOST_MESSAGES)
    ).all()
    found = (_find_mention(row.StationMessage, row.Station, serial) for row in rows)
    return [each for each in found if each is not None]


def _find_mention(row: StationMessage, station: Station, serial: str) -> Mention | None:
    """Find what a message says of this bank. None: it says nothing of it."""
    received = ReceivedMessage(row.topic, row.payload, row.received_at)
    message = decode_message(received, StationIdentity(station.id, station.imei, station.protocol), StationFacts())
    snapshot = message.snapshot if message is not None else None
    if snapshot is not None:
        slot = next((slot.number for slot in snapshot.slots if slot.serial == serial), None)
        return Mention(station.sn, row.received_at, row.kind, row.outcome, slot, slot is not None)
    if message is None or not _mentions_bank(message, serial):
        return None
    slot = next((getattr(event, "slot", None) for event in message.events), None)
    return Mention(station.sn, row.received_at, row.kind, row.outcome, slot, None)


def _mentions_bank(message: DecodedMessage, serial: str) -> bool:
    if any(getattr(event, "serial", None) == serial for event in message.events):
        return True
    # A gateway's message has another form, and some cannot be decoded: they count if the serial stands in them.
    return serial.encode() in message.received.payload
