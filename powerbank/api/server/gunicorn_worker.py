"""Our worker for gunicorn: one thread reads and writes for all slow callers, and the threads of the pool get whole
requests only (docs/decisions/016-slow-callers-hold-no-thread.md).

All that leans on the inside of gunicorn stands here. It was written against 27.0: `ThreadWorker` gives the process, the
pool, the queue back to the poller and the call of the application; `Request` reads a head. What of it is used is pinned
by tests/api/server/test_gunicorn_worker.py. gunicorn's own worker reads heads and bodies in the pool's threads without
a deadline, and waits in its poller's thread for who does not close.
"""

import errno
import selectors
import socket
import time
import uuid
from collections import Counter, OrderedDict
from functools import partial
from http import HTTPStatus
from threading import Semaphore
from typing import Any

import structlog
from gunicorn.http import errors
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.workers.gthread import ThreadWorker

from powerbank.api import uploads
from powerbank.api.problems import problem_as_bytes
from powerbank.api.rate_limits import network_of_address
from powerbank.api.server.connections import LONGEST_HEAD, Connection, Memory, Stage, TooSlowError, open_files
from powerbank.api.server.request_bodies import BadChunkError, Body
from powerbank.base.watchdog import notify_supervisor

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
MOST_HELD = 64 * 1024 * 1024
_STATUS = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    errors.ForbiddenProxyRequest: HTTPStatus.FORBIDDEN,
    errors.InvalidResponseHeader: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidResponseHeaderName: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.ConfigurationProblem: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.ParseException: HTTPStatus.BAD_REQUEST,
    BadChunkError: HTTPStatus.BAD_REQUEST,
    TooSlowError: HTTPStatus.REQUEST_TIMEOUT,
    MemoryError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    def init_process(self) -> None:
        self.memory = Memory(MOST_HELD)
        self.waiting_threads = Semaphore(max(1, self.cfg.threads // 4))
        self.waiting: OrderedDict[Connection, None] = OrderedDict()  # for their callers, the longest first
        self.by_address: Counter[str] = Counter()
        self.next_look = 0.0
        self.worker_connections = open_files(self.cfg.worker_connections)
        super().init_process()

    def run(self) -> None:
        settings = self.wsgi.config["SETTINGS"]
        self.most_bytes: int = settings.max_request_bytes
        # Behind a proxy all come from its address; it counts them itself.
        self.most_of_an_address: int | None = None if settings.trusted_proxies else settings.address_connections
        self.poller.register(self.method_queue.fileno(), READ, self.method_queue.run_callbacks)
        while self.alive and self.is_parent_alive():
            self.set_accept_enabled(bool(self.waiting) or self.nr_conns < self.worker_connections)
            self._turn()
        self._finish()

    def _turn(self) -> None:
        self.notify()
        self.wait_for_and_dispatch_events(timeout=1.0)
        now = time.monotonic()
        if now >= self.next_look:
            self.next_look = now + 1.0
            notify_supervisor()  # to who keeps gunicorn; one process that turns is enough
            self._end_what_is_too_slow(now)

    def _finish(self) -> None:
        """Answer what has arrived already, for as long as gunicorn gives a worker that stops."""
        self.alive = False
        self.set_accept_enabled(False)
        end = time.monotonic() + self.cfg.graceful_timeout
        for connection in self.waiting:
            if connection.idle:  # its caller may be writing already
                connection.deadline = min(connection.deadline, time.monotonic() + 2.0)
        while self.nr_conns and time.monotonic() < end:
            self._turn()
        for connection in list(self.waiting):
            self._close(connection)
        self.tpool.shutdown(wait=False)
        self.poller.close()
        self.method_queue.close()
        for listener in self.sockets:
            listener.close()

    def _end_what_is_too_slow(self, now: float) -> None:
        late = [connection for connection in self.waiting if connection.deadline < now]
        for connection in late:
            if connection.idle or connection.stage in (Stage.SENDING, Stage.GOODBYE):
                self._close(connection)
            else:
                self._refuse(connection, TooSlowError())

    def accept(self, listener: socket.socket) -> None:
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._close_who_waits_longest()
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                raise
            return
        sock.setblocking(False)
        connection = Connection(sock, client, listener.getsockname(), self.memory, self.waiting_threads)
        if not self._has_room(connection):
            sock.close()
            return
        self.nr_conns += 1
        self.by_address[network_of_address(connection.address)] += 1
        self._wait(connection, READ)

    def _has_room(self, newcomer: Connection) -> bool:
        """Make room where there is none: close the connection that has kept this process waiting for the longest."""
        if self.nr_conns >= self.worker_connections:
            self._close_who_waits_longest()
        address = network_of_address(newcomer.address)
        if self.most_of_an_address is not None and self.by_address[address] >= self.most_of_an_address:
            self._close_who_waits_longest(address)
            return self.by_address[address] < self.most_of_an_address
        return True

    def _close_who_waits_longest(self, address: str | None = None) -> None:
        for connection in self.waiting:
            if address is None or network_of_address(connection.address) == address:
                self._close(connection)
                return

    def _readable(self, connection: Connection, _socket: Any) -> None:
        try:
            more = connection.receive()
        except BlockingIOError:
            return
        except OSError:
            more = False
        if not more:
            self._close(connection)
        elif connection.stage is not Stage.GOODBYE:
            self._advance(connection)

    def _advance(self, connection: Connection) -> None:
        """Go on with what has come: the head, then the body, then the answer."""
        try:
            if connection.stage is Stage.HEAD:
                self._read_head(connection)
            if connection.stage is Stage.BODY and connection.take_body():
                self._hand_over(connection)
        except Exception as error:
            self._refuse(connection, error)

    def _read_head(self, connection: Connection) -> None:
        head = connection.take_head()
        if head is None:
            self._refuse_what_has_no_end(connection)
            return
        connection.requests += 1
        request = Request(self.cfg, IterUnreader([head]), connection.client, connection.requests)
        connection.request = request
        reader = request.body.reader
        length = reader.length if isinstance(reader, LengthReader) else 0
        chunked = isinstance(reader, ChunkedReader)
        most = self.most_bytes
        if chunked or length > most:
            most = max(most, uploads.largest_body_of_route(self.wsgi, request.method, request.path, request.headers))
        body = Body(None if chunked else length, most)
        connection.begin_body(body)
        if request._expected_100_continue and not body.too_large:
            connection.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sock.flush()
        request._expected_100_continue = False

    def _refuse_what_has_no_end(self, connection: Connection) -> None:
        size = len(connection.received)
        if size > self.cfg.limit_request_line + 2 and b"\r\n" not in connection.received[2:]:
            raise errors.LimitRequestLine(size, self.cfg.limit_request_line)
        if size > LONGEST_HEAD:
            raise errors.LimitRequestHeaders("limit request headers")
        if connection.has_bare_line_feed():
            raise errors.InvalidHeader("bare LF as line terminator")

    def _hand_over(self, connection: Connection) -> None:
        assert connection.body is not None  # noqa: S101 (for the type checker)
        if connection.body.too_large:
            connection.request.force_close()  # for nobody reads up to where the next request begins
        self._unwatch(connection)
        connection.stage = Stage.ANSWERING
        self.tpool.submit(self.handle, connection)

    def handle(self, connection: Connection) -> None:
        """Run in a thread of the pool."""
        connection.keep = False
        try:
            connection.request.body = connection.body.stream()  # type: ignore[union-attr]
            connection.keep = self.handle_request(connection.request, connection)
            connection.sock.flush()
        except StopIteration:
            self.log.debug("an answer broke off")
        except OSError as error:
            connection.keep = False
            connection.sock.forget()
            self.log.debug("the caller was gone before its answer: %s", error)
        except Exception as error:
            self._tell(connection, error)
        finally:
            self.method_queue.defer(self._answered, connection)

    def _answered(self, connection: Connection) -> None:
        connection.forget_request()
        if connection.sock.left:
            connection.begin_sending()
            self._wait(connection, WRITE)
        else:
            self._sent(connection)

    def _writable(self, connection: Connection, _socket: Any) -> None:
        try:
            if connection.send_more():
                self._sent(connection)
        except OSError:
            self._close(connection)

    def _sent(self, connection: Connection) -> None:
        if not connection.keep:
            self._say_goodbye(connection)
            return
        connection.begin_head(self.cfg.keepalive)
        self._wait(connection, READ)
        if connection.received:  # the next request came with the last one
            self._advance(connection)

    def _say_goodbye(self, connection: Connection) -> None:
        """Close a connection in a way that lets the caller read the answer first, though it may still be sending."""
        try:
            connection.begin_goodbye()
        except OSError:
            self._close(connection)
        else:
            self._wait(connection, READ)

    def _refuse(self, connection: Connection, error: Exception) -> None:
        self._unwatch(connection)
        self._tell(connection, error)
        self._answered(connection)

    def _tell(self, connection: Connection, error: Exception) -> None:
        structlog.contextvars.clear_contextvars()  # of who was answered before in this thread
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
        status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), None)
        if status is None or status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.error("the server failed between request and answer", exc_info=error)
        else:
            self.log.warning("unreadable request, %d: %s", status, type(error).__name__)
        connection.keep = False
        try:
            connection.sock.sendall(problem_as_bytes(status or HTTPStatus.INTERNAL_SERVER_ERROR))
            connection.sock.flush()
        except OSError:
            connection.sock.forget()
            self.log.debug("the caller was gone before its refusal")

    def _wait(self, connection: Connection, event: int) -> None:
        self._unwatch(connection)
        callback = partial(self._readable if event == READ else self._writable, connection)
        self.poller.register(connection.socket, event, callback)
        connection.watched = event
        self.waiting[connection] = None

    def _unwatch(self, connection: Connection) -> None:
        if connection.watched:
            self.poller.unregister(connection.socket)
            connection.watched = 0
            del self.waiting[connection]

    def _close(self, connection: Connection) -> None:
        self._unwatch(connection)
        self.nr_conns -= 1
        address = network_of_address(connection.address)
        self.by_address[address] -= 1
        if not self.by_address[address]:
            del self.by_address[address]
        connection.close()
