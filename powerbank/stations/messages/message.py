"""Messages of stations on their way into the database."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text

from powerbank.base.db import db
from powerbank.stations.messages import arrays
from powerbank.stations.protocols import Route, registry
from powerbank.stations.protocols.events import Event, Heartbeat, Order, Presence, Seen, SlotReport, Snapshot
from powerbank.stations.protocols.protocol import Decoded, Reason, StationFacts, Undecodable

KNOWN_FOR = timedelta(minutes=5)
STRANGE_FOR = timedelta(seconds=30)  # whoever is registered now is heard soon
MOST_KNOWN = 1_000_000  # names that somebody made up count as well
MOST_KEPT = 16 * 1024  # bytes of a message; honest ones are a tenth of it


class Known(NamedTuple):
    id: UUID
    imei: str
    protocol: str

    @property
    def heartbeat(self) -> timedelta:
        return timedelta(seconds=registry.by_name[self.protocol].heartbeat_seconds)


class Received(NamedTuple):
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
    snapshot: Snapshot | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        for event in self.events:
            if isinstance(event, Snapshot):
                self.snapshot = event
                return

    @property
    def order(self) -> Order:
        return self.events[0].order if self.events else Order(self.received.received_at)


class Directory:
    """Which stations there are. Asked for each message, so it remembers for a while: longer than the time between two
    heartbeats, or it would ask for nearly every one."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Known | None, datetime]] = {}

    def find(self, imeis: Iterable[str], *, now: datetime) -> dict[str, Known]:
        wanted = set(imeis)
        heard = {imei: self._known.get(imei) for imei in wanted}
        stale = [imei for imei, entry in heard.items() if entry is None or entry[1] < now]
        if stale:
            found = {row.imei: Known(row.id, row.imei, row.protocol) for row in _registered(stale)}
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            for imei in stale:
                known = found.get(imei)
                heard[imei] = self._known[imei] = (known, now + (STRANGE_FOR if known is None else KNOWN_FOR))
        return {imei: entry[0] for imei, entry in heard.items() if entry is not None and entry[0] is not None}

    def forget(self, imei: str | None = None) -> None:
        """Of one station what is remembered, or of all."""
        if imei is None:
            self._known.clear()
        else:
            self._known.pop(imei, None)


_REGISTERED = text("SELECT id, imei, protocol FROM stations WHERE imei = ANY(CAST(:imeis AS text[]))")


def _registered(imeis: list[str]) -> Sequence[Row[Any]]:
    return db.session.execute(_REGISTERED, {"imeis": arrays.text_array(imeis)}).all()


def understand(received: Received, station: Known, facts: StationFacts) -> Message | None:
    """Never raises, whatever the payload holds. None if it says nothing of now."""
    return understand_routed(received, registry.route(received.topic), station, facts)


def understand_routed(received: Received, route: Route | None, station: Known, facts: StationFacts) -> Message | None:
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
    told = ";".join(
        [":".join((str(number), works, seen, str(serial))) for number, works, seen, serial, *_ in snapshot.slots]
    )
    return hashlib.blake2b(f"{snapshot.complete}|{told}".encode(), digest_size=16).hexdigest()


def measures_of(snapshot: Snapshot) -> str:
    return ";".join([measure_of(slot) for slot in snapshot.slots if slot.seen is Seen.BANK])


def measure_of(slot: SlotReport) -> str:
    number, _, _, _, charge, temperature, *_ = slot
    return f"{number}:{'' if charge is None else charge}:{'' if temperature is None else temperature}"


def firmware_in(heartbeat: Heartbeat) -> str | None:
    told = (heartbeat.hardware or {}).get("firmware")
    return told[:60] if isinstance(told, str) else None


def charges_in(measures: str) -> dict[int, int | None]:
    found = {}
    for part in measures.split(";") if measures else ():
        number, charge, _ = part.split(":")
        found[int(number)] = int(charge) if charge else None
    return found
