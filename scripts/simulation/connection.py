"""The connection of one station to the broker. Thousands of them share one event loop, which nothing here blocks."""

import asyncio
import contextlib
import random
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

KEEPALIVE = 60
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


class Address(NamedTuple):
    host: str
    port: int
    tls: bool

    @classmethod
    def of(cls, url: str) -> "Address":
        parts = urlsplit(url)
        tls = parts.scheme == "mqtts"
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ValueError("the broker's address is mqtt://host:port or mqtts://host:port")
        return cls(unquote(parts.hostname), parts.port or (8883 if tls else 1883), tls)


class Will(NamedTuple):
    topic: str
    payload: bytes


class Connection:
    """A connection that is kept up until it is closed. Only the thread of the event loop may call its methods."""

    def __init__(
        self,
        address: Address,
        *,
        username: str,
        password: str,
        subscribe: list[tuple[str, int]],
        keep_session: bool,
        will: Will | None,
        loop: asyncio.AbstractEventLoop,
        connecting: Executor,
    ) -> None:
        self.is_up = False
        self.problem = "not connected yet"
        self.on_up: Callable[[], None] = lambda: None
        self.on_message: Callable[[str, bytes], None] = lambda topic, payload: None
        self._address = address
        self._subscribe = subscribe
        # It has its own source of chance, because a seed does not repeat how often a connection has to be made.
        self._dice = random.Random(username)  # noqa: S311
        self._loop = loop
        self._connecting = connecting
        self._wanted = False
        self._pause = FIRST_PAUSE
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pulse: asyncio.TimerHandle | None = None
        # The user name is the client id, so that no station can push another one out of its session.
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=username, clean_session=not keep_session)
        client.username_pw_set(username, password)
        if address.tls:
            client.tls_set()
        if will:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_message = lambda client, data, message: self.on_message(message.topic, bytes(message.payload))
        client.on_socket_open = self._in_loop(self._socket_opened)
        client.on_socket_close = self._in_loop(self._socket_closed)
        client.on_socket_register_write = self._in_loop(self._wants_to_write)
        client.on_socket_unregister_write = self._in_loop(self._has_written)
        self._client = client

    def open(self) -> None:
        self._wanted = True
        self._try_soon(0)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=qos, retain=retain)

    def drop(self) -> None:
        """Lose the connection as if the network failed. The broker finds out by itself and publishes the last will."""
        self._stop_trying()
        self.problem = "the network is lost"
        connection = self._client.socket()
        if isinstance(connection, socket.socket):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._stop_trying()
        if self._client.socket() is not None:
            self._client.disconnect()

    def _stop_trying(self) -> None:
        self._wanted = False
        if self._timer:
            self._timer.cancel()

    def _try_soon(self, seconds: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._start_trying)

    def _start_trying(self) -> None:
        # A connection that is up, or about to end, comes back here when it has ended.
        if self._wanted and self._client.socket() is None and (self._task is None or self._task.done()):
            self._task = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        address = self._address
        try:
            # The call blocks until the connection is up, and the loop has other stations to serve.
            await self._loop.run_in_executor(
                self._connecting, lambda: self._client.connect(address.host, address.port, KEEPALIVE)
            )
        except OSError as error:
            self.problem = str(error)
            self._again()

    def _again(self) -> None:
        if self._wanted:
            self._try_soon(self._pause * self._dice.uniform(0.5, 1.0))
            self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _connected(self, client: mqtt.Client, data: Any, flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            self.problem = str(code)
        elif not self._wanted:
            self.drop()
        else:
            client.subscribe(self._subscribe)

    def _subscribed(self, client: mqtt.Client, data: Any, mid: Any, codes: Any, properties: Any) -> None:
        """Count as connected: only from now on does the broker keep commands for this station."""
        self.is_up = True
        self.problem = ""
        self._pause = FIRST_PAUSE
        self.on_up()

    def _disconnected(self, client: mqtt.Client, data: Any, flags: Any, code: Any, properties: Any) -> None:
        self.is_up = False
        self.problem = self.problem or str(code)
        self._again()

    def _keep_alive(self) -> None:
        """Keep the connection alive, and end one on which the broker never answers."""
        if self._pulse:
            self._pulse.cancel()
        if self._client.socket() is not None:
            self._client.loop_misc()
            self._pulse = self._loop.call_later(KEEPALIVE / 4, self._keep_alive)

    def _in_loop(self, act: Callable[[socket.socket], None]) -> Callable[[mqtt.Client, Any, Any], None]:
        """Run a callback in the loop's thread. A socket opens in another thread; all else is in this one already."""
        loop_thread = threading.get_ident()

        def called(client: mqtt.Client, data: Any, connection: Any) -> None:
            if threading.get_ident() == loop_thread:
                act(connection)
            else:
                self._loop.call_soon_threadsafe(act, connection)

        return called

    def _socket_opened(self, connection: socket.socket) -> None:
        if connection.fileno() < 0:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.add_reader(connection, self._client.loop_read, 10)
        self._keep_alive()
        if self._client.want_write():
            self._wants_to_write(connection)

    def _socket_closed(self, connection: socket.socket) -> None:
        if connection.fileno() >= 0:
            self._loop.remove_reader(connection)
            self._loop.remove_writer(connection)

    def _wants_to_write(self, connection: socket.socket) -> None:
        if connection.fileno() >= 0:
            self._loop.add_writer(connection, self._client.loop_write)

    def _has_written(self, connection: socket.socket) -> None:
        if connection.fileno() >= 0:
            self._loop.remove_writer(connection)
