"""One connection: the head of its request, then the stream until somebody closes it.

A stream lies idle for most of its time, so it is a plain asyncio protocol: no task and no queue waits for each one
(docs/decisions/038-live-streams.md has what that saves).
"""

import asyncio
import socket
from http import HTTPStatus
from typing import Protocol, cast

from powerbank.live.streams import events
from powerbank.live.streams.request import HeadReader, Request, UnreadableError, refusal
from powerbank.live.tickets import Admission

HEAD_DEADLINE = 10.0  # seconds in which the whole head has to come
MOST_BUFFERED = 16 * 1024  # bytes; beyond them the reader is slow
KERNEL_BUFFER = 32 * 1024
MOST_MISSED = 200  # changes that are kept for a slow reader
SLOW_FOR = 30.0  # seconds after which a slow reader is closed
CLOSING_TAKES = 3.0  # seconds that a reader has for what is left when its stream is closed
DEAD_AFTER_MS = 45_000  # without a sign of life from the other end
LONGEST_REMARK = 4096  # bytes that a client may send behind its request


class Owner(Protocol):
    """Who has the connections: the server."""

    def connected(self, connection: "Connection") -> bool: ...
    def requested(self, connection: "Connection", request: Request) -> None: ...
    def lost(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    __slots__ = (
        "_deadline",
        "_head",
        "_missed",
        "_owner",
        "_remarks",
        "_slow_since",
        "address",
        "admission",
        "open",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._head: HeadReader | None = HeadReader()
        self._deadline: asyncio.TimerHandle | None = None
        self._missed: dict[object, bytes] | None = None  # while the reader is slow
        self._slow_since = 0.0
        self._remarks = 0
        self.address = ""
        self.admission: Admission | None = None
        self.open = False  # as a stream

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=MOST_BUFFERED)
        _bound_kernel(self.transport.get_extra_info("socket"))
        peer = self.transport.get_extra_info("peername")
        self.address = peer[0] if isinstance(peer, tuple) else ""
        if self._owner.connected(self):
            self._deadline = asyncio.get_running_loop().call_later(HEAD_DEADLINE, self._head_is_late)

    def data_received(self, data: bytes) -> None:
        if self._head is None:  # a stream's reader has nothing more to say
            self._remarks += len(data)
            if self._remarks > LONGEST_REMARK:
                self.transport.abort()
            return
        try:
            request = self._head.read(data)
        except UnreadableError as unreadable:
            self._end_head()
            code = (
                "headers_too_large"
                if unreadable.status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                else "bad_request"
            )
            self.answer(refusal(unreadable.status, code, "The request could not be read."))
            return
        if request is not None:
            self._end_head()
            self._owner.requested(self, request)

    def _end_head(self) -> None:
        self._head = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _head_is_late(self) -> None:
        self._end_head()
        self.answer(refusal(HTTPStatus.REQUEST_TIMEOUT, "too_slow", "The rest of the request did not come in time."))

    def answer(self, answer: bytes) -> None:
        """Give an answer that is no stream."""
        self.transport.write(answer)
        self._close_soon()

    def begin_stream(self, beginning: bytes) -> None:
        self.open = True
        self.transport.write(beginning)

    def send(self, key: object, event: bytes) -> None:
        """Send a change. For a slow reader only the newest of each key is kept."""
        if self._missed is None:
            self.transport.write(event)
            return
        self._missed[key] = event
        if len(self._missed) > MOST_MISSED:
            self.transport.abort()

    def beat(self) -> None:
        """Send the comment that shows both ends that the stream lives."""
        if self._missed is None:
            self.transport.write(events.COMMENT)
        elif asyncio.get_running_loop().time() - self._slow_since > SLOW_FOR:
            self.transport.abort()

    def end_stream(self, bye: bytes) -> None:
        self.open = False
        self.transport.write(bye)
        self._close_soon()

    def _close_soon(self) -> None:
        self.transport.close()
        asyncio.get_running_loop().call_later(CLOSING_TAKES, self.transport.abort)

    def pause_writing(self) -> None:
        self._missed = {}
        self._slow_since = asyncio.get_running_loop().time()

    def resume_writing(self) -> None:
        missed, self._missed = self._missed, None
        if missed and self.open:
            self.transport.write(b"".join(missed.values()))

    def eof_received(self) -> bool:
        return False  # whoever closes one half is gone

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._end_head()
        self._owner.lost(self)


def _bound_kernel(sock: socket.socket | None) -> None:
    """Have the kernel keep little for a reader that does not read, and notice one that is gone without a word."""
    if sock is None:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER_MS)
