"""Hears what stations say: one connection, acknowledged by hand once everything is safe.

It has no thread of its own. All that paho does happens inside `turn`, so an exception cannot kill a network thread
behind anybody's back, and no lock is waited for.
"""

import select
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion

from powerbank.base.clock import utcnow
from powerbank.integrations.mqtt.address import Address

log = structlog.get_logger(__name__)

KEEPALIVE = 30
HANDSHAKE_SECONDS = 10.0
# What we publish to ourselves, for a broker that takes no more messages (its disk is full) may keep its connections. It
# need not keep what nobody subscribes to, so the filters name it too.
PULSE = "powerbank/pulse"
# Together less than 15 s: a broker that is frozen is missed by then. Half of it is enough for a slow line.
PULSE_EVERY, PULSE_PATIENCE = 5.0, 8.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0


class Heard(NamedTuple):
    topic: str
    payload: bytes
    retained: bool
    arrived: float  # seconds since 1970
    mid: int
    qos: int
    connection: int  # an acknowledgement counts only on the connection that brought the message


class Listener:
    """`durable`: the broker keeps what comes while nobody listens under this client id, which is a secret."""

    def __init__(self, url: str, *, client_id: str | None, durable: bool, filters: Sequence[tuple[str, int]]) -> None:
        self._address = Address.of(url)
        self.client_id = client_id  # must be known at the first turn
        self._durable = durable
        self._filters = list(filters)
        self._client: mqtt.Client | None = None
        self._connection = 0
        self._opened_at = 0.0
        self._try_at = 0.0
        self._pause = FIRST_PAUSE
        self._subscribed = False  # by this process
        self._joined = False  # the broker has taken us in
        self._pulse_at = 0.0
        self._pulse_waits_since: float | None = None
        self.is_up = False  # and takes messages
        self.inbox: deque[Heard] = deque()

    def turn(self, seconds: float, *, most: int) -> None:
        """Connects if that is due, then reads what is there, waiting for it no longer than this."""
        if self._client is None and not self._open():
            time.sleep(max(0.0, min(seconds, self._try_at - time.monotonic())))
            return
        try:
            self._read(seconds, most)
        except Exception as error:  # paho's own mistakes: the connection is made anew
            log.exception("connection to the broker broken", error=str(error))
            self._lost()

    def acknowledge(self, heard: Iterable[Heard]) -> None:
        client = self._client
        if client is None:
            return
        for each in heard:
            if each.qos and each.connection == self._connection:
                client.ack(each.mid, each.qos)

    def close(self) -> None:
        client, self._client = self._client, None
        self.is_up = self._joined = False
        self.inbox.clear()
        if client is not None:
            client.disconnect()

    def _open(self) -> bool:
        if time.monotonic() < self._try_at:
            return False
        self._connection += 1
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=not self._durable,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.on_connect = self._connected
        client.on_subscribe = self._ready
        client.on_message = self._hear
        client.on_publish = self._taken
        self._address.prepare(client)
        try:
            client.connect(self._address.host, self._address.port, KEEPALIVE)
        except OSError as error:
            self._lost(str(error))
            return False
        self._client, self._opened_at = client, time.monotonic()
        return True

    def _read(self, seconds: float, most: int) -> None:
        client = self._client
        until = time.monotonic() + seconds
        while client is not None and client is self._client:
            connection = client.socket()
            if connection is None or (not self._joined and time.monotonic() - self._opened_at > HANDSHAKE_SECONDS):
                self._lost("the broker does not answer")
                return
            self._show_pulse(client)
            left = max(0.0, until - time.monotonic())
            writing = [connection] if client.want_write() else []
            readable, writable, _ = select.select([connection], writing, [], left)
            if writable:
                client.loop_write()
            if readable:
                self._drain(client, most)
            client.loop_misc()
            if client.socket() is None:
                self._lost("the connection ended")
            elif not readable and self._pulse_is_overdue():
                self._lost("the broker takes no messages")
            elif len(self.inbox) >= most or time.monotonic() >= until or (readable and self.inbox):
                return

    def _show_pulse(self, client: mqtt.Client) -> None:
        if self._joined and self._pulse_waits_since is None and time.monotonic() >= self._pulse_at:
            self._pulse_waits_since = time.monotonic()
            client.publish(PULSE, qos=1)

    def _pulse_is_overdue(self) -> bool:
        """Asked only once all that the broker sent is read: its answer may stand behind a thousand messages."""
        return self._pulse_waits_since is not None and time.monotonic() > self._pulse_waits_since + PULSE_PATIENCE

    def _drain(self, client: mqtt.Client, most: int) -> None:
        """paho reads one packet at a time and does not say whether there was one."""
        idle = 0
        while idle < 2 and len(self.inbox) < most and client.socket() is not None:
            before = len(self.inbox)
            client.loop_read()
            idle = 0 if len(self.inbox) > before else idle + 1

    def _lost(self, why: str = "") -> None:
        client, self._client = self._client, None
        if self.is_up or self._pause == FIRST_PAUSE:
            log.warning("the MQTT broker is away", why=why)
        self.is_up = self._joined = False
        # What was not acknowledged comes again.
        self.inbox.clear()
        if client is not None:
            client.disconnect()
        self._try_at = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    # From here on what paho calls, inside `turn`.

    def _connected(self, client: mqtt.Client, data: Any, flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            log.error("the MQTT broker refuses us", code=str(code))
        elif flags.session_present and self._subscribed:
            self._join()  # subscribing again would bring every retained message again
        else:
            client.subscribe(self._filters)

    def _ready(self, client: mqtt.Client, data: Any, mid: Any, codes: Any, properties: Any) -> None:
        refused = [topic for (topic, _), code in zip(self._filters, codes, strict=False) if code.is_failure]
        if refused:
            log.error("the MQTT broker refuses a subscription", filters=refused)
        self._subscribed = True
        self._join()

    def _join(self) -> None:
        self._joined = True
        self._pulse_at, self._pulse_waits_since = 0.0, None

    def _taken(self, client: mqtt.Client, data: Any, mid: Any, code: Any, properties: Any) -> None:
        self._pulse_at, self._pulse_waits_since = time.monotonic() + PULSE_EVERY, None
        if not self.is_up:
            self.is_up = True
            self._pause = FIRST_PAUSE
            log.info("listening to stations")

    def _hear(self, client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        if topic == PULSE:
            client.ack(message.mid, message.qos)
            return
        now, connection = utcnow().timestamp(), self._connection
        self.inbox.append(
            Heard(topic, bytes(message.payload), message.retain, now, message.mid, message.qos, connection)
        )
