"""The live process: it takes connections, and opens a stream to whoever has a ticket."""

import asyncio
import resource
import socket
from collections import Counter
from collections.abc import Collection, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from flask import Flask
from redis.exceptions import RedisError

from powerbank.api.rate_limits import network_of_address
from powerbank.base.redis_clients import connect
from powerbank.base.watchdog import Watchdog
from powerbank.live.streams import events, request
from powerbank.live.streams.admissions import Admissions
from powerbank.live.streams.announcements import Announcements
from powerbank.live.streams.audience import Audience
from powerbank.live.streams.connection import Connection
from powerbank.live.streams.events import Reason
from powerbank.live.streams.metrics import REFUSED
from powerbank.live.streams.sign_in_watch import FindEnded, SignInWatch
from powerbank.live.tickets import Admission
from powerbank.outbox.heartbeats import BackgroundHeartbeat

log = structlog.get_logger(__name__)

TURN_EVERY = 0.1  # seconds
STUCK_AFTER = 10.0
STOP_TAKES = 1.5  # seconds; whoever keeps programs running kills one that takes four
MOST_SPARE = 1000  # connections beyond the streams: heads that are read, answers that are on their way
BACKLOG = 4096
NOT_NOW = "This is not possible right now; try again shortly."


class Server:
    """The owner of all connections of this process."""

    def __init__(self, app: Flask, *, find_ended: FindEnded) -> None:
        self._app = app
        self._heartbeat = BackgroundHeartbeat(app, kind="live")
        settings = app.config["SETTINGS"]
        self._most = settings.live_streams
        # Where proxies are in front all connections have their addresses, and they count.
        self._most_of_address = None if settings.trusted_proxies else settings.address_connections
        self._origin = _origin(settings.public_url)
        self._loop = asyncio.get_running_loop()
        self._audience = Audience()
        self._watch = SignInWatch(self._audience, self._in_context(find_ended))
        self._announcements = Announcements(settings.cache_url, self._audience, self._watch)
        self._admissions = Admissions(connect(settings.cache_url, socket_connect_timeout=0.5, socket_timeout=1.0))
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: set[Connection] = set()
        self._by_address: Counter[str] = Counter()
        self._watchdog = Watchdog()
        self._turned_at = self._loop.time()
        self._stopping = False
        self._all_closed = asyncio.Event()

    @property
    def trouble(self) -> str | None:
        """For whoever probes this process, from another thread. Restarting it helps where it is stuck."""
        if self._loop.time() - self._turned_at > STUCK_AFTER:
            return "stuck"
        if not self._announcements.heard:
            return "redis_away"
        return "database_away" if self._watch.database_away else None

    @property
    def streams(self) -> int:
        return len(self._audience)

    async def start(self, host: str, port: int) -> None:
        self._announcements.start()
        self._watchdog.start()
        self._listener = await self._loop.create_server(
            lambda: Connection(self), host, port, backlog=BACKLOG, reuse_port=hasattr(socket, "SO_REUSEPORT")
        )
        for work in (self._turn(), self._beat(), self._watch.run()):
            self._keep(self._loop.create_task(work))
        self._heartbeat.start()
        log.info("live process started", name=self._heartbeat.name)

    async def stop(self) -> None:
        """Say goodbye to all, and give what was said time to leave."""
        self._stopping = True
        if self._listener is not None:
            self._listener.close()
        self._audience.end(self._audience, Reason.RESTART)
        if self._connections:
            self._loop.call_later(STOP_TAKES, self._all_closed.set)
            await self._all_closed.wait()
        for connection in [*self._connections]:
            connection.transport.abort()
        self._announcements.end()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.to_thread(self._heartbeat.stop)
        log.info("live process stopped", name=self._heartbeat.name)

    def _keep(self, task: "asyncio.Task[None]") -> None:
        """The loop itself forgets a task that nobody holds."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def connected(self, connection: Connection) -> bool:
        """Take a connection in, and say whether its request is waited for."""
        self._connections.add(connection)
        address = network_of_address(connection.address)
        self._by_address[address] += 1
        if self._stopping or len(self._connections) > self._most + MOST_SPARE:
            self._refuse(connection, HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", NOT_NOW)
            return False
        if self._most_of_address is not None and self._by_address[address] > self._most_of_address:
            detail = "This address has too many connections."
            self._refuse(connection, HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", detail)
            return False
        return True

    def lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        address = network_of_address(connection.address)
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
        self._audience.remove(connection)
        if self._stopping and not self._connections:
            self._all_closed.set()

    def requested(self, connection: Connection, asked: request.Request) -> None:
        origin = asked.origin if asked.origin == self._origin else None
        if asked.path != request.STREAM:
            detail = "There is nothing at this address."
            self._refuse(connection, HTTPStatus.NOT_FOUND, "not_found", detail, origin)
        elif asked.method == b"OPTIONS":
            connection.answer(request.preflight(origin))
        elif asked.method != b"GET":
            detail = "This address does not take that method."
            self._refuse(connection, HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", detail, origin)
        else:
            self._keep(self._loop.create_task(self._open(connection, asked.ticket, origin)))

    async def _open(self, connection: Connection, ticket: str, origin: bytes | None) -> None:
        try:
            admission = await self._admissions.admit(ticket) if ticket else None
        except Exception as error:
            if not isinstance(error, RedisError):
                log.exception("a ticket could not be taken")
            self._refuse(connection, HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", NOT_NOW, origin)
            return
        if connection.transport.is_closing():
            return
        if admission is None:
            detail = "This ticket is unknown, spent or too old; ask for another one."
            self._refuse(connection, HTTPStatus.FORBIDDEN, "ticket_invalid", detail, origin)
        elif self._stopping or len(self._audience) >= self._most or not self._can_tell:
            self._refuse(connection, HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", NOT_NOW, origin)
        else:
            self._begin(connection, admission, origin)

    @property
    def _can_tell(self) -> bool:
        return self._announcements.heard and not self._watch.knows_nothing

    def _begin(self, connection: Connection, admission: Admission, origin: bytes | None) -> None:
        crowded_out = self._audience.admit(connection, admission)
        hello = events.hello(admission.topics, streams=len(self._audience))
        connection.begin_stream(request.stream_head(origin) + hello)
        if crowded_out is not None:
            self._audience.end([crowded_out], Reason.TOO_MANY)

    def _refuse(
        self, connection: Connection, status: HTTPStatus, code: str, detail: str, origin: bytes | None = None
    ) -> None:
        connection.answer(request.refusal(status, code, detail, origin=origin))
        REFUSED.labels(status.value).inc()

    async def _turn(self) -> None:
        while True:
            self._turned_at = self._loop.time()
            self._watchdog.turn()
            self._announcements.turn()
            await asyncio.sleep(TURN_EVERY)

    async def _beat(self) -> None:
        at = self._loop.time()
        while True:
            self._audience.beat()
            at += 1.0
            await asyncio.sleep(max(0.0, at - self._loop.time()))

    def _in_context(self, find_ended: FindEnded) -> FindEnded:
        def find(held: Collection[tuple[str, str]]) -> Mapping[str, Reason]:
            with self._app.app_context():
                return find_ended(held)

        return find


def allow_open_files(streams: int) -> None:
    """Raise the limit of open files as far as this account may, for each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = streams + MOST_SPARE + 200
    most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < needed:
        log.warning("the limit of open files is too low for all streams", limit=most, needed=needed)


def _origin(address: str) -> bytes:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".encode()
