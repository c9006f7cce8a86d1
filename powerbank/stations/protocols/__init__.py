"""The protocols that stations speak. Each is one module here with a `PROTOCOL`, and is found by itself."""

import importlib
import pkgutil
from dataclasses import dataclass
from typing import NamedTuple

from powerbank.stations.protocols.protocol import MAX_PAYLOAD, Protocol, Subscription

__all__ = ["MAX_PAYLOAD", "Protocol", "Registry", "Route", "discover", "registry"]


class Route(NamedTuple):
    protocol: Protocol
    imei: str


@dataclass(frozen=True)
class Registry:
    by_name: dict[str, Protocol]

    def subscriptions(self) -> list[Subscription]:
        return [one for protocol in self.by_name.values() for one in protocol.subscriptions]

    def route(self, topic: str) -> Route | None:
        """Which protocol a topic belongs to, and which station may publish to it."""
        for protocol in self.by_name.values():
            imei = protocol.imei_of(topic)
            if imei is not None:
                return Route(protocol, imei)
        return None


def discover() -> Registry:
    modules = [
        importlib.import_module(f"{__name__}.{found.name}")
        for found in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name)
    ]
    protocols = [module.PROTOCOL for module in modules if hasattr(module, "PROTOCOL")]
    return Registry({protocol.name: protocol for protocol in protocols})


registry = discover()
