"""Messages of stations on their way into the database."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from powerbank.db import db
from powerbank.stations.models import Station
from powerbank.stations.protocols import registry
from powerbank.stations.protocols.events import Event, Heartbeat, Order, Presence, Seen, Snapshot
from powerbank.stations.protocols.protocol import Decoded, Reason, StationFacts, Undecodable

KNOWN_FOR = timedelta(seconds=30)
MOST_KEPT = 16 * 1024  # bytes of a message; honest ones are a tenth of it


class Known(NamedTuple):
    id: UUID
    imei: str
    protocol: str

    @property
    def heartbeat(self) -> timedelta:
        return timedelta(seconds=registry.by_name[self.protocol].heartbeat_seconds)


@dataclass(frozen=True, slots=True)
class Received:
    topic: str
    payload: bytes
    received_at: datetime
    retained: bool = False  # the broker kept it for whoever subscribes: not a sign of life


@dataclass(slots=True)
class Message:
    """What a station said, understood as far as that is possible."""

    station: Known
    received: Received
    events: tuple[Event, ...] = ()
    problem: str | None = None
    odd: int = 0
    snapshot: Snapshot | None = field(init=False)

    def __post_init__(self) -> None:
        self.snapshot = next((event for event in self.events if isinstance(event, Snapshot)), None)

    @property
    def order(self) -> Order:
        return self.events[0].order if self.events else Order(self.received.received_at)


class Directory:
    """Which stations there are. Asked for each message, so it remembers for half a minute."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Known | None, datetime]] = {}

    def find(self, imeis: Iterable[str], *, now: datetime) -> dict[str, Known]:
        wanted = set(imeis)
        stale = [imei for imei in wanted if imei not in self._known or now - self._known[imei][1] > KNOWN_FOR]
        if stale:
            query = select(Station.id, Station.imei, Station.protocol).where(Station.imei.in_(stale))
            found = {row.imei: Known(row.id, row.imei, row.protocol) for row in db.session.execute(query)}
            if len(self._known) > 1_000_000:  # names that somebody made up
                self._known.clear()
            self._known.update({imei: (found.get(imei), now) for imei in stale})
        return {imei: known for imei in wanted if (known := self._known[imei][0]) is not None}

    def forget(self) -> None:
        self._known.clear()


def understand(received: Received, station: Known, facts: StationFacts) -> Message | None:
    """Never raises, whatever the payload holds. None if it says nothing of now."""
    route = registry.route(received.topic)
    if route is None or route.imei != station.imei or route.protocol.name != station.protocol:
        return Message(station, received, problem=Reason.MISMATCH.value)
    found = route.protocol.decode(received.topic, received.payload, received.received_at, facts)
    if isinstance(found, Undecodable):
        return Message(station, received, problem=f"{found.reason}: {found.detail}"[:200].rstrip(": "))
    return _understood(station, received, found)


def _understood(station: Known, received: Received, found: Decoded) -> Message | None:
    events = found.events
    if received.retained:
        events = tuple(event for event in events if not (isinstance(event, Presence) and event.online))
        if not events:
            return None
    return Message(station, received, events=events, odd=len(found.notes))


def contents_of(snapshot: Snapshot) -> str:
    """What sits where and what works: a digest, for it is only ever compared."""
    told = ";".join(f"{slot.number}:{slot.works}:{slot.seen}:{slot.serial}" for slot in snapshot.slots)
    return hashlib.blake2b(f"{snapshot.complete}|{told}".encode(), digest_size=16).hexdigest()


def measures_of(snapshot: Snapshot) -> str:
    return ";".join(
        f"{slot.number}:{'' if slot.charge is None else slot.charge}:"
        f"{'' if slot.temperature is None else slot.temperature}"
        for slot in snapshot.slots
        if slot.seen is Seen.BANK
    )


def firmware_in(heartbeat: Heartbeat) -> str | None:
    told = (heartbeat.hardware or {}).get("firmware")
    return told[:60] if isinstance(told, str) else None


def charges_in(measures: str) -> dict[int, int | None]:
    found = {}
    for part in measures.split(";") if measures else ():
        number, charge, _ = part.split(":")
        found[int(number)] = int(charge) if charge else None
    return found
