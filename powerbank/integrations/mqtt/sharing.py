"""Try out whether a broker can share a subscription among daemons without losing what a fallen one held.

Not every broker that knows `$share` can: Mosquitto drops what a member had not acknowledged, and NATS takes the word
for a topic's name. So it is tried out, with a group and a topic of its own.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from powerbank.integrations.errors import VendorError
from powerbank.integrations.mqtt.address import Address, new_client_id

PATIENCE = 5.0  # seconds, for each step


def keeps_for_others(url: str) -> bool:
    """One member receives a message and falls without acknowledging it: does another get it?"""
    mark = secrets.token_hex(8)
    topic = f"powerbank/sharing/{mark}"
    first, second = (_Member(Address.of(url)) for _ in range(2))
    both = (first, second)
    try:
        if not _until(lambda: first.is_up and second.is_up, both):
            raise VendorError("the MQTT broker does not answer")
        first.join(f"$share/{mark}/{topic}")
        _until(lambda: first.is_in, both)
        second.client.publish(topic, mark, qos=1)
        if not _until(lambda: first.has_it, both):
            return False
        second.join(f"$share/{mark}/{topic}")
        _until(lambda: second.is_in, both)
        first.fall()
        return _until(lambda: second.has_it, [second])
    finally:
        for member in both:
            member.fall()


class _Member:
    def __init__(self, address: Address) -> None:
        self.is_up = self.is_in = self.has_it = False
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=new_client_id(),
            clean_session=True,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        self.client.on_connect = self._connected
        self.client.on_subscribe = self._subscribed
        self.client.on_message = self._heard
        address.prepare(self.client)
        try:
            self.client.connect(address.host, address.port, 30)
        except OSError as away:
            raise VendorError(f"the MQTT broker is away: {away}") from away

    def join(self, share: str) -> None:
        self.client.subscribe(share, qos=1)

    def fall(self) -> None:
        """Without a word, as a killed process does."""
        connection = self.client.socket()
        if connection is not None:
            connection.close()

    def _connected(self, client: mqtt.Client, data: Any, flags: Any, code: Any, properties: Any) -> None:
        self.is_up = not code.is_failure

    def _subscribed(self, client: mqtt.Client, data: Any, mid: Any, codes: Any, properties: Any) -> None:
        self.is_in = True

    def _heard(self, client: mqtt.Client, data: Any, message: Any) -> None:
        self.has_it = True


def _until(holds: Callable[[], bool], members: Sequence[_Member]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < deadline:
        for member in members:
            member.client.loop(timeout=0.05)
    return holds()
