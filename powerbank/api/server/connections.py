"""The connections of the web server: what has come from a slow caller, what is still to be sent to it, and until when
the server waits for the rest."""

import contextlib
import errno
import resource
import socket
import time
from enum import Enum, auto
from threading import Lock, Semaphore
from typing import Any

from powerbank.api.server.request_bodies import Body

HEAD_WITHIN = 10.0  # seconds for all of a request's head
REST_WITHIN = 15.0  # seconds for a body or an answer, and one more for each
LEAST_BYTES_A_SECOND = 8192  # of it that has passed
GOODBYE_WITHIN = 2.0
FILES_OF_ITS_OWN = 256  # that a process opens besides: database, Redis, logs
LONGEST_HEAD = 64 * 1024
UNCOUNTED = 64 * 1024  # of a connection: ordinary requests and answers are let in however scarce memory is
MOST_BUFFERED = 2 * 1024 * 1024  # of an answer, before the thread that makes it waits for its reader
_AT_ONCE = 64 * 1024
_MOST_PASSED_OVER = 64 * 1024  # of what a caller goes on sending after its last answer


class TooSlowError(Exception):
    """The rest of a request did not come in time."""


class Stage(Enum):
    HEAD = auto()  # also between two requests
    BODY = auto()
    ANSWERING = auto()  # in the hands of a thread
    SENDING = auto()
    GOODBYE = auto()


class Memory:
    """The bytes that all connections of a process together may hold beyond what each may hold by itself."""

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0
        self._lock = Lock()

    def change(self, by: int) -> bool:
        with self._lock:
            if by > 0 and self.held + by > self.most:
                return False
            self.held += by
            return True


class Answer:
    """An answer on its way, with the methods of a socket. Head and body of a small answer leave together. The poller
    waits for a slow reader; a thread waits only where the answer is very large."""

    def __init__(self, connection: "Connection", memory: Memory, waiting_threads: Semaphore) -> None:
        self.left = bytearray()
        self.sent = 0
        self._connection, self._memory, self._waiting_threads = connection, memory, waiting_threads
        self._counted = 0

    def sendall(self, data: bytes) -> None:
        self.left += data
        if len(self.left) >= _AT_ONCE:
            self.flush()
        if len(self.left) > MOST_BUFFERED:
            self._wait_for_reader()

    def send(self, data: bytes) -> int:
        self.sendall(data)
        return len(data)

    def shutdown(self, _how: int) -> None:
        """Refuse to shut down: what was made of an answer is sent, and then the poller ends the connection."""
        raise OSError(errno.ENOTCONN, "the poller does that")

    def close(self) -> None:
        """Do nothing, for the same reason."""

    def flush(self) -> bool:
        """Send what the caller takes at once; True when nothing is left."""
        with contextlib.suppress(BlockingIOError):
            while self.left:
                self._sent(self._connection.socket.send(self.left))
        self._count()
        return not self.left

    def forget(self) -> None:
        self.left.clear()
        self._memory.change(-self._counted)
        self._counted = 0

    def _wait_for_reader(self) -> None:
        if not self._waiting_threads.acquire(blocking=False):
            raise TimeoutError("too many slow readers of large answers")
        began, before = time.monotonic(), self.sent
        try:
            while len(self.left) > MOST_BUFFERED // 2:
                patience = rest_until(began, self.sent - before) - time.monotonic()
                self._connection.socket.settimeout(max(patience, 0.001))
                self._sent(self._connection.socket.send(self.left))
        finally:
            self._connection.socket.setblocking(False)
            self._waiting_threads.release()
        self._count()

    def _sent(self, count: int) -> None:
        del self.left[:count]
        self.sent += count

    def _count(self) -> None:
        counted = max(0, len(self.left) - UNCOUNTED)
        if self._memory.change(counted - self._counted):
            self._counted = counted
            return
        self.forget()
        raise OSError(errno.ENOBUFS, "no room for what slow readers leave")


class Connection:
    """`sock`, `client` and `server` are what gunicorn calls them; its answers go to `sock`."""

    def __init__(
        self, sock: socket.socket, client: Any, server: Any, memory: Memory, waiting_threads: Semaphore
    ) -> None:
        self.socket, self.client, self.server = sock, client, server
        self.sock = Answer(self, memory, waiting_threads)
        self.stage = Stage.HEAD
        self.deadline = time.monotonic() + HEAD_WITHIN
        self.watched = 0  # what the poller looks for
        self.keep = False  # for another request, when the answer is sent
        self.requests = 0
        self.received = bytearray()
        self.request: Any = None
        self.body: Body | None = None
        self._searched = 0
        self._memory, self._counted = memory, 0
        self._began = 0.0
        self._passed_over = 0

    @property
    def address(self) -> str:
        return str(self.client[0]) if isinstance(self.client, tuple) and self.client else ""

    @property
    def idle(self) -> bool:
        return self.stage is Stage.HEAD and not self.received

    def receive(self) -> bool:
        """Take what has come; False when the caller has closed."""
        part = self.socket.recv(65536)
        if self.stage is Stage.GOODBYE:
            self._passed_over += len(part)
            return bool(part) and self._passed_over < _MOST_PASSED_OVER
        if self.idle:
            self.deadline = time.monotonic() + HEAD_WITHIN
        self.received += part
        return bool(part)

    def take_head(self) -> bytes | None:
        """Return the head of the next request with the empty line behind it, once it is whole."""
        end = self.received.find(b"\r\n\r\n", max(0, self._searched - 3))
        if end < 0:
            return None
        head = bytes(self.received[: end + 4])
        del self.received[: end + 4]
        self._searched = 0
        return head

    def has_bare_line_feed(self) -> bool:
        """Look at what came since the last look. A head with a bare line feed has no end that could be waited for."""
        received, begin = self.received, self._searched
        if begin and received[begin - 1] == 0x0D:
            begin -= 1
        self._searched = len(received)
        return received.count(b"\n", begin) != received.count(b"\r\n", begin)

    def begin_body(self, body: Body) -> None:
        self.body = body
        self.stage = Stage.BODY
        self._began = time.monotonic()

    def take_body(self) -> bool:
        """Tell whether the body is whole. Raise MemoryError when there is no room for it."""
        assert self.body is not None  # noqa: S101 (for the type checker)
        whole = self.body.take(self.received)
        size = len(self.body.content)
        self._count(max(0, size - UNCOUNTED))
        self.deadline = rest_until(self._began, size)
        return whole

    def begin_sending(self) -> None:
        self.stage = Stage.SENDING
        self._began, self.sock.sent = time.monotonic(), 0
        self.deadline = rest_until(self._began, 0)

    def send_more(self) -> bool:
        """Send more of the answer, and tell whether all of it is sent."""
        done = self.sock.flush()
        self.deadline = rest_until(self._began, self.sock.sent)
        return done

    def begin_head(self, within: float) -> None:
        self.stage = Stage.HEAD
        self.deadline = time.monotonic() + (HEAD_WITHIN if self.received else within)

    def begin_goodbye(self) -> None:
        self.stage = Stage.GOODBYE
        self.deadline = time.monotonic() + GOODBYE_WITHIN
        self.received.clear()
        self.socket.shutdown(socket.SHUT_WR)

    def forget_request(self) -> None:
        self.request = self.body = None
        self._count(0)

    def close(self) -> None:
        self.forget_request()
        self.sock.forget()
        self.socket.close()

    def _count(self, size: int) -> None:
        if size != self._counted:
            if not self._memory.change(size - self._counted):
                raise MemoryError
            self._counted = size


def rest_until(began: float, passed: int) -> float:
    return began + REST_WITHIN + passed / LEAST_BYTES_A_SECOND


def open_files(connections: int) -> int:
    """Let this process open a file for each connection, and say for how many it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + FILES_OF_ITS_OWN
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(1, allowed - FILES_OF_ITS_OWN)
