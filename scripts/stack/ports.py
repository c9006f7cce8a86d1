"""Assign each program its port, counted from one base."""

import contextlib
import secrets
import socket
from dataclasses import dataclass, fields
from typing import Self

from scripts.stack.errors import StackError

DEFAULT_BASE = 8000
BELOW_OUTGOING = range(15_000, 32_000)  # Linux begins at 32768
OFFSETS = {"web": 0, "sandbox": 25, "mail": 26, "simulator": 27, "live": 28, "redis": 79, "broker": 83}
PURPOSES = {
    "web": "the web server",
    "sandbox": "the sandbox",
    "mail": "the sandbox's mail server",
    "simulator": "the page of the simulated stations",
    "live": "the live process",
    "redis": "Redis",
    "broker": "the MQTT broker",
}


@dataclass(frozen=True)
class Ports:
    web: int
    sandbox: int
    mail: int
    simulator: int
    live: int
    redis: int
    broker: int

    @classmethod
    def from_base(cls, base: int = DEFAULT_BASE) -> Self:
        highest = 65535 - max(OFFSETS.values())
        if not 1 <= base <= highest:
            raise StackError(f"--port-base must be between 1 and {highest}, not {base}.")
        return cls(**{name: base + offset for name, offset in OFFSETS.items()})

    def check_free(self, names: list[str]) -> None:
        """Refuse the first port that something else listens on."""
        for name in names:
            port: int = getattr(self, name)
            try:
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            except PermissionError:
                raise StackError(
                    f"Port {port} for {PURPOSES[name]} needs root; choose others with --port-base."
                ) from None
            except OSError:
                raise StackError(
                    f"Port {port} for {PURPOSES[name]} is taken; stop what uses it or choose others with --port-base."
                ) from None


def free_ports() -> Ports:
    """Return ports that nothing uses now, for tests. All are held at once, so that they differ."""
    names = [field.name for field in fields(Ports)]
    sockets = [_on_a_free_port() for _ in names]
    try:
        return Ports(**{name: held.getsockname()[1] for name, held in zip(names, sockets, strict=True)})
    finally:
        for held in sockets:
            held.close()


def _on_a_free_port() -> socket.socket:
    """None of those that the system gives to outgoing connections: one of them could take it before it is used."""
    while True:
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", secrets.choice(BELOW_OUTGOING)))
