"""What a vendor is to the sandbox. A new one is a module with a `Vendor`, and one line in `vendors/__init__.py`."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from flask import Blueprint, request

from scripts.sandbox.accounts import Accounts
from scripts.sandbox.faults import GENERAL, Fault, Faults
from scripts.sandbox.messages import Messages
from scripts.sandbox.payments import Gateways


@dataclass(frozen=True)
class World:
    """What all vendors of one sandbox share."""

    url: str
    smtp_port: int
    accounts: Accounts = field(default_factory=Accounts)
    messages: Messages = field(default_factory=Messages)
    faults: Faults = field(default_factory=Faults)
    gateways: Gateways = field(default_factory=Gateways)
    stopping: threading.Event = field(default_factory=threading.Event)
    on_reset: list[Callable[[], None]] = field(default_factory=list)

    def reset(self) -> None:
        """As new, but for signatures and access tokens already given."""
        self.faults.clear()
        self.messages.clear()
        for forget in self.on_reset:
            forget()

    def wait(self, seconds: float) -> None:
        """A vendor that is slow does not hold up the sandbox's own stop."""
        self.stopping.wait(seconds)


class Server(Protocol):
    """A vendor that speaks something other than HTTP brings its own listener."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


def from_request() -> list[str]:
    return [*request.values.values()]


def from_anywhere() -> list[str]:
    """Fields of a form or of a JSON object, and the address: for those who take several kinds of request."""
    body = request.get_json(silent=True)
    fields = [str(value) for value in body.values()] if isinstance(body, dict) else []
    return [request.path, *from_request(), *fields]


@dataclass(frozen=True)
class Vendor:
    name: str
    title: str
    faults: Mapping[str, str]
    how_to_reach: Callable[[World], Mapping[str, str]]
    blueprint: Callable[[World], Blueprint] | None = None
    server: Callable[[World], Server] | None = None
    # Whom a request is about: what a fault's `match` is looked for in.
    whom: Callable[[], Iterable[str]] = from_request
    # Endpoints that the general faults leave alone.
    spared: frozenset[str] = frozenset()

    @property
    def all_faults(self) -> dict[str, str]:
        return {**(GENERAL if self.blueprint else {}), **self.faults}

    def take_own(self, world: World, whom: Iterable[str] = ()) -> Fault | None:
        return world.faults.take(self.name, self.faults, whom)
