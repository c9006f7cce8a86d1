"""A sandbox inside the test's own process, on free ports."""

import contextlib
import socket
from collections.abc import Iterator

from scripts.sandbox.accounts import Accounts
from scripts.sandbox.server import HOST, Sandbox


def free_ports(count: int) -> list[int]:
    """All are held at once, so that they differ."""
    held = [socket.create_server((HOST, 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


@contextlib.contextmanager
def running(accounts: Accounts | None = None) -> Iterator[Sandbox]:
    """A fixture is `yield from` this: `with running() as sandbox: yield sandbox`."""
    http_port, smtp_port = free_ports(2)
    with Sandbox(http_port, smtp_port, accounts=accounts) as sandbox:
        yield sandbox
