"""A message of a station on its way into the database: as it was received, and decoded."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text

from powerbank.base.db import db
from powerbank.stations.messages import arrays
from powerbank.stations.protocols import PROTOCOLS, Route, find_route
from powerbank.stations.protocols.events import Event, Heartbeat, Order, Presence, Seen, SlotReading, Snapshot
from powerbank.stations.protocols.protocol import Decoded, Reason, StationFacts, Undecodable

REMEMBERED_FOR = timedelta(minutes=5)
UNKNOWN_FOR = timedelta(seconds=30)  # short, so that a station is heard soon after its registration
MAX_REMEMBERED = 1_000_000  # a limit, because anybody can make up names of stations
MAX_KEPT_BYTES = 16 * 1024  # of a message; an honest one has a tenth of that

_STATIONS = text("SELECT id, imei, protocol FROM stations WHERE imei = ANY(CAST(:imeis AS text[]))")


class StationIdentity(NamedTuple):
    id: UUID
    imei: str
    protocol: str

    @property
    def heartbeat(self) -> timedelta:
        return timedelta(seconds=PROTOCOLS[self.protocol].heartbeat_seconds)


class ReceivedMessage(NamedTuple):
    topic: str
    payload: bytes
    received_at: datetime
    retained: bool = False  # the broker kept it for new subscribers, so it is no sign that the station is there


@dataclass(slots=True)
class DecodedMessage:
    """What a station said, decoded as far as possible."""

    station: StationIdentity
    received: ReceivedMessage
    events: tuple[Event, ...] = ()
    problem: str | None = None
    oddities: int = 0
    snapshot: Snapshot | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        for event in self.events:
            if isinstance(event, Snapshot):
                self.snapshot = event
                return

    @property
    def order(self) -> Order:
        return self.events[0].order if self.events else Order(self.received.received_at)


class StationDirectory:
    """Tells which station has which IMEI.

    It is asked for each message, so it remembers its answers for longer than the time between two heartbeats; otherwise
    it would ask the database for nearly every message.
    """

    def __init__(self) -> None:
        self._remembered: dict[str, tuple[StationIdentity | None, datetime]] = {}

    def find(self, imeis: Iterable[str], *, now: datetime) -> dict[str, StationIdentity]:
        wanted = set(imeis)
        entries = {imei: self._remembered.get(imei) for imei in wanted}
        stale = [imei for imei, entry in entries.items() if entry is None or entry[1] < now]
        if stale:
            found = {row.imei: StationIdentity(row.id, row.imei, row.protocol) for row in _find_stations(stale)}
            if len(self._remembered) > MAX_REMEMBERED:
                self._remembered.clear()
            for imei in stale:
                station = found.get(imei)
                until = now + (UNKNOWN_FOR if station is None else REMEMBERED_FOR)
                entries[imei] = self._remembered[imei] = (station, until)
        return {imei: entry[0] for imei, entry in entries.items() if entry is not None and entry[0] is not None}

    def forget(self, imei: str | None = None) -> None:
        """Forget one station, or all of them."""
        if imei is None:
            self._remembered.clear()
        else:
            self._remembered.pop(imei, None)


def _find_stations(imeis: list[str]) -> Sequence[Row[Any]]:
    return db.session.execute(_STATIONS, {"imeis": arrays.format_text_array(imeis)}).all()


def decode_message(received: ReceivedMessage, station: StationIdentity, facts: StationFacts) -> DecodedMessage | None:
    """Decode a message. It never raises, whatever the payload holds. None: it says nothing about the present."""
    return decode_routed_message(received, find_route(received.topic), station, facts)


def decode_routed_message(
    received: ReceivedMessage, route: Route | None, station: StationIdentity, facts: StationFacts
) -> DecodedMessage | None:
    """Decode a message whose route is known already."""
    if route is None or route.imei != station.imei or route.protocol.name != station.protocol:
        return DecodedMessage(station, received, problem=Reason.MISMATCH.value)
    decoded = route.protocol.decode(received.topic, received.payload, received.received_at, facts)
    if isinstance(decoded, Undecodable):
        return DecodedMessage(station, received, problem=f"{decoded.reason}: {decoded.detail}"[:200].rstrip(": "))
    return _make_message(station, received, decoded)


def _make_message(station: StationIdentity, received: ReceivedMessage, decoded: Decoded) -> DecodedMessage | None:
    events = decoded.events
    if received.retained:
        events = tuple(event for event in events if not (isinstance(event, Presence) and event.online))
        if not events:
            return None
    return DecodedMessage(station, received, events=events, oddities=len(decoded.notes))


def digest_contents(snapshot: Snapshot) -> str:
    """Make a digest of what sits in which slot and which slots work. It is only ever compared with another one."""
    contents = ";".join(
        [":".join((str(number), works, seen, str(serial))) for number, works, seen, serial, *_ in snapshot.slots]
    )
    return hashlib.blake2b(f"{snapshot.complete}|{contents}".encode(), digest_size=16).hexdigest()


def format_measures(snapshot: Snapshot) -> str:
    """Write the charges and temperatures of a snapshot as the text that the station's state keeps."""
    return ";".join([format_measure(slot) for slot in snapshot.slots if slot.seen is Seen.BANK])


def format_measure(slot: SlotReading) -> str:
    number, _, _, _, charge, temperature, *_ = slot
    return f"{number}:{'' if charge is None else charge}:{'' if temperature is None else temperature}"


def parse_charges(measures: str) -> dict[int, int | None]:
    """Read the charge of each slot from the text that `format_measures` wrote."""
    charges = {}
    for part in measures.split(";") if measures else ():
        number, charge, _ = part.split(":")
        charges[int(number)] = int(charge) if charge else None
    return charges


def read_firmware(heartbeat: Heartbeat) -> str | None:
    """Read the version of the firmware from a heartbeat, if the station names it."""
    firmware = (heartbeat.hardware or {}).get("firmware")
    return firmware[:60] if isinstance(firmware, str) else None
