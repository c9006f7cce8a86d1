"""Calls to addresses that clients gave us. The name is resolved once, and that very address is connected to."""

import hmac
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable

from powerbank.base.clock import utcnow
from powerbank.integrations.callbacks.addresses import Address, Target, is_public, parsed, target
from powerbank.integrations.callbacks.errors import CallbackRefusedError
from powerbank.integrations.errors import VendorError

SECONDS_IN_ALL = 5.0
MAX_HEAD_BYTES = 16 * 1024
PORT = 443
STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?: |\r)")

Resolve = Callable[[str], list[str]]
Connect = Callable[[str, int, float], socket.socket]


def resolve(host: str) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)]


def connect(address: str, port: int, timeout: float) -> socket.socket:
    return socket.create_connection((address, port), timeout)


class PublicHosts:
    """Hosts that were registered, and where they really lead. `resolve` is what a test on one machine must replace."""

    def __init__(self, hosts: Iterable[str], *, resolve: Resolve = resolve) -> None:
        self._hosts = frozenset(hosts)
        self._resolve = resolve

    def check(self, url: str) -> Target:
        """As far as it can be known without asking anybody."""
        return target(url, self._hosts)

    def addresses_of(self, url: str, *, until: float | None = None) -> list[Address]:
        """All of them are public, or it is refused: one bad address among good ones is how rebinding looks."""
        host = self.check(url).host
        addresses = self._resolved(host, until or time.monotonic() + SECONDS_IN_ALL)
        if not addresses or not all(is_public(one) for one in addresses):
            raise CallbackRefusedError("leads to an address that is not public")
        return addresses

    def _resolved(self, host: str, until: float) -> list[Address]:
        """The system's resolver has no time limit, so somebody else waits for it."""
        found: list[str] = []

        def ask() -> None:
            try:
                found.extend(self._resolve(host))
            except (OSError, UnicodeError):
                return

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(left(until))
        if asking.is_alive() or not found:
            raise VendorError("callback: the host's name is not resolved")
        return parsed(found)


class Callbacks:
    """`resolve`, `connect` and `context` are what a test on one machine must replace."""

    def __init__(
        self,
        *,
        hosts: Iterable[str],
        secret: str,
        resolve: Resolve = resolve,
        connect: Connect = connect,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._public = PublicHosts(hosts, resolve=resolve)
        self._secret = secret
        self._connect = connect
        self._context = context or ssl.create_default_context()

    def check(self, url: str) -> None:
        """For when the address is handed in."""
        self._public.check(url)

    def send(self, url: str, body: bytes) -> int:
        """The status, one of 2xx. What the receiver says beyond it is not read."""
        until = time.monotonic() + SECONDS_IN_ALL
        to = self._public.check(url)
        addresses = self._public.addresses_of(url, until=until)
        try:
            status = self._post(to, addresses, body, until)
        except ssl.SSLCertVerificationError:
            raise CallbackRefusedError("has no valid certificate") from None
        except OSError as error:
            raise VendorError(f"callback: {type(error).__name__}") from None
        if 200 <= status < 300:
            return status
        if status in (408, 425, 429) or status >= 500:
            raise VendorError(f"callback: {status}")
        raise CallbackRefusedError(f"answered {status}")

    def _post(self, to: Target, addresses: list[Address], body: bytes, until: float) -> int:
        with self._reach(addresses, until) as plain:
            plain.settimeout(left(until))
            with self._context.wrap_socket(plain, server_hostname=to.host) as secure:
                secure.settimeout(left(until))
                secure.sendall(self._request(to, body))
                return read_status(secure, until)

    def _reach(self, addresses: list[Address], until: float) -> socket.socket:
        for address in addresses[:-1]:
            try:
                return self._connect(str(address), PORT, left(until) / 2)
            except OSError:
                continue
        return self._connect(str(addresses[-1]), PORT, left(until))

    def _request(self, to: Target, body: bytes) -> bytes:
        lines = [
            f"POST {to.path} HTTP/1.1",
            f"Host: {to.host}",
            "User-Agent: powerbank",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            f"Powerbank-Signature: {signature(body, self._secret, int(utcnow().timestamp()))}",
            "Connection: close",
        ]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def signature(body: bytes, secret: str, moment: int) -> str:
    """As Stripe writes it: the receiver checks time and body with one HMAC-SHA256."""
    return f"t={moment},v1={hmac.new(secret.encode(), f'{moment}.'.encode() + body, 'sha256').hexdigest()}"


def read_status(secure: socket.socket, until: float) -> int:
    head = b""
    while True:
        while b"\r\n\r\n" not in head:
            secure.settimeout(left(until))
            piece = secure.recv(4096)
            if not piece or len(head) + len(piece) > MAX_HEAD_BYTES:
                raise ConnectionError("no answer")
            head += piece
        found = STATUS.match(head)
        if not found:
            raise ConnectionError("not HTTP")
        status = int(found[1])
        if status >= 200:
            return status
        head = head.partition(b"\r\n\r\n")[2]


def left(until: float) -> float:
    remaining = until - time.monotonic()
    if remaining <= 0:
        raise VendorError("callback: out of time")
    return remaining
