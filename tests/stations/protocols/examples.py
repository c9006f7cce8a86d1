"""Example messages, and short functions that decode them."""

import json
from datetime import UTC, datetime
from typing import Any

from powerbank.stations.protocols import find_route
from powerbank.stations.protocols.events import Order
from powerbank.stations.protocols.protocol import Decoded, StationFacts, Undecodable

IMEI = "860588041234567"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RECEIVED = Order(NOW)
TRUSTING = StationFacts()


def decode(topic: str, payload: bytes, facts: StationFacts = TRUSTING) -> Decoded | Undecodable:
    route = find_route(topic)
    assert route is not None
    return route.protocol.decode(topic, payload, NOW, facts)


def understood(topic: str, payload: bytes) -> Decoded:
    found = decode(topic, payload)
    assert isinstance(found, Decoded), found
    return found


def refused(topic: str, payload: bytes, facts: StationFacts = TRUSTING) -> str:
    found = decode(topic, payload, facts)
    assert isinstance(found, Undecodable), found
    return found.reason


def from_json(kind: str, **body: Any) -> Decoded:
    return understood(f"stations/{IMEI}/{kind}", json.dumps(body).encode())


def json_refused(kind: str, **body: Any) -> str:
    return refused(f"stations/{IMEI}/{kind}", json.dumps(body).encode())


def odds(found: Decoded) -> list[str]:
    return [note.oddity.value for note in found.notes]
