"""Calls to addresses that clients gave us. The name is resolved once, and that very address is connected to."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any

from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError

from powerbank.base.clock import utcnow
from powerbank.base.signatures import sign_body
from powerbank.integrations.callbacks.addresses import Address, Target, is_public, parse_addresses, parse_target
from powerbank.integrations.callbacks.errors import CallbackRefusedError
from powerbank.integrations.errors import VendorError

SECONDS_IN_ALL = 5.0
MAX_HEAD_BYTES = 16 * 1024
PORT = 443

Resolve = Callable[[str], list[str]]


def resolve_host(host: str) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)]


class FinalResponse(HTTPResponse):
    """The answer behind all hints. `http.client` passes over `100 Continue` only, and not over `103 Early Hints`."""

    def begin(self) -> None:
        super().begin()
        while 100 <= self.status < 200:
            self.headers = None  # type: ignore[assignment]  # a message is read only where there is none yet
            super().begin()


class PinnedConnection(HTTPSConnection):
    """A connection to an address that was judged, while TLS asks for the host's name and checks it."""

    response_class = FinalResponse

    def __init__(self, address: str, port: int, *, host: str, context: ssl.SSLContext, timeout: float) -> None:
        super().__init__(address, port, server_hostname=host, ssl_context=context, timeout=timeout)


class PublicHosts:
    """The hosts that were registered, and where they really lead. A test on one machine replaces `resolve`."""

    def __init__(self, hosts: Iterable[str], *, resolve: Resolve = resolve_host) -> None:
        self._hosts = frozenset(hosts)
        self._resolve = resolve

    def check(self, url: str) -> Target:
        """Refuse an address as far as that is possible without asking anybody."""
        return parse_target(url, self._hosts)

    def addresses_of(self, url: str, *, until: float | None = None) -> list[Address]:
        """Resolve a host, and refuse it unless all its addresses are public: one bad address among good ones is how
        rebinding looks."""
        host = self.check(url).host
        addresses = self._resolved(host, until or time.monotonic() + SECONDS_IN_ALL)
        if not addresses or not all(is_public(one) for one in addresses):
            raise CallbackRefusedError("leads to an address that is not public")
        return addresses

    def _resolved(self, host: str, until: float) -> list[Address]:
        """The system's resolver has no time limit, so another thread waits for it."""
        found: list[str] = []

        def ask() -> None:
            try:
                found.extend(self._resolve(host))
            except (OSError, UnicodeError):
                return

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(seconds_left(until))
        if asking.is_alive() or not found:
            raise VendorError("callback: the host's name is not resolved")
        return parse_addresses(found)


@dataclass(frozen=True)
class Received:
    """The head of an answer. What a receiver says beyond it is not read."""

    status: int
    headers: Mapping[str, str]


class PublicPosts:
    """Posts to hosts of the public internet. A test on one machine replaces `resolve`, `connection` and `context`."""

    def __init__(
        self,
        *,
        hosts: Iterable[str],
        resolve: Resolve = resolve_host,
        connection: Callable[..., HTTPSConnection] = PinnedConnection,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._public = PublicHosts(hosts, resolve=resolve)
        self._connection = connection
        self._context = context or ssl.create_default_context()

    def check(self, url: str) -> None:
        """Refuse an address when it is handed in."""
        self._public.check(url)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Received:
        """Post a body once, and return the head of the answer, whatever its status is."""
        until = time.monotonic() + SECONDS_IN_ALL
        target = self._public.check(url)
        addresses = self._public.addresses_of(url, until=until)
        try:
            return self._post(target, addresses, body, headers, until)
        except ssl.SSLCertVerificationError:
            raise CallbackRefusedError("has no valid certificate") from None
        except (OSError, HTTPException, HTTPError) as error:
            raise VendorError(f"callback: {type(error).__name__}") from None

    def _post(
        self, target: Target, addresses: list[Address], body: bytes, given: Mapping[str, str], until: float
    ) -> Received:
        """Redirects are not followed, and the connection ends with the head of the answer."""
        headers = {"Host": target.host, "User-Agent": "powerbank", **given, "Connection": "close"}
        connection = self._connect(target, addresses, until)
        # Each read has a time limit, and a head that drips meets none of them; so its connection is cut, a moment after
        # the end: a head that was cut looks like one that is whole.
        cut = threading.Timer(seconds_left(until) + 0.05, cut_off, [connection.sock])
        cut.daemon = True
        cut.start()
        try:
            connection.request("POST", target.path, body, headers, preload_content=False)
            with closing(connection.getresponse()) as answer:  # it holds the socket open until it is closed itself
                seconds_left(until)
                if sum(len(name) + len(value) for name, value in answer.headers.items()) > MAX_HEAD_BYTES:
                    raise VendorError("callback: the answer does not end")
                return Received(answer.status, dict(answer.headers))
        finally:
            cut.cancel()
            connection.close()

    def _connect(self, target: Target, addresses: list[Address], until: float) -> HTTPSConnection:
        """Connect to the first address that can be reached. The last one may take all the time that is left."""
        for address in addresses[:-1]:
            connection = self._open(target, address, seconds_left(until) / 2)
            try:
                connection.connect()
            except HTTPError:  # it was not reached; what goes wrong in TLS is of another kind
                continue
            return connection
        connection = self._open(target, addresses[-1], seconds_left(until))
        connection.connect()
        return connection

    def _open(self, target: Target, address: Address, timeout: float) -> HTTPSConnection:
        return self._connection(str(address), PORT, host=target.host, context=self._context, timeout=timeout)


class Callbacks(PublicPosts):
    """Signed calls to the addresses of clients."""

    def __init__(self, *, hosts: Iterable[str], secret: str, **of_tests: Any) -> None:
        super().__init__(hosts=hosts, **of_tests)
        self._secret = secret

    def send(self, url: str, body: bytes) -> int:
        """Post a body, and return the status, one of 2xx."""
        signature = sign_body(body, self._secret, moment=int(utcnow().timestamp()))
        headers = {"Content-Type": "application/json", "Powerbank-Signature": signature}
        status = self.post(url, body, headers).status
        if 200 <= status < 300:
            return status
        if status in (408, 425, 429) or status >= 500:
            raise VendorError(f"callback: {status}")
        raise CallbackRefusedError(f"answered {status}")


def cut_off(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def seconds_left(until: float) -> float:
    remaining = until - time.monotonic()
    if remaining <= 0:
        raise VendorError("callback: out of time")
    return remaining
