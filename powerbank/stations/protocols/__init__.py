"""The protocols that stations speak, and which of them a topic belongs to. A new protocol gets its line here."""

from typing import NamedTuple

from powerbank.stations.protocols import json_v1, volinks_v1
from powerbank.stations.protocols.protocol import Protocol, Subscription

PROTOCOLS: dict[str, Protocol] = {protocol.name: protocol for protocol in (json_v1.PROTOCOL, volinks_v1.PROTOCOL)}


class Route(NamedTuple):
    protocol: Protocol
    imei: str


def list_subscriptions() -> list[Subscription]:
    """List what the daemon subscribes to at the broker, for all protocols."""
    return [subscription for protocol in PROTOCOLS.values() for subscription in protocol.subscriptions]


def find_route(topic: str) -> Route | None:
    """Find which protocol a topic belongs to, and which station may publish to it."""
    for protocol in PROTOCOLS.values():
        imei = protocol.imei_of(topic)
        if imei is not None:
            return Route(protocol, imei)
    return None
