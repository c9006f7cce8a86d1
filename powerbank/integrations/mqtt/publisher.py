"""Sends messages to stations. One connection for each process, opened when it is first needed."""

import os
import threading
from typing import Any, cast

import paho.mqtt.client as mqtt
import structlog
from flask import Flask
from paho.mqtt.enums import CallbackAPIVersion

from powerbank.integrations.errors import VendorError
from powerbank.integrations.mqtt.address import Address, new_client_id

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 4.0
DELIVERY_SECONDS = 5.0


class Publisher:
    """`ready` before a message is noted as sent, `send` after: what cannot go out is not noted."""

    def __init__(self, url: str) -> None:
        self._address = Address.of(url)
        self._up = threading.Event()
        self._lock = threading.Lock()
        self._client: mqtt.Client | None = None
        self._refusal = ""

    def open(self) -> bool:
        """Tell whether there is a connection. Waits for nothing: the first who asks has it made."""
        with self._lock:
            if self._client is None:
                self._client = self._connecting()
        return self._up.is_set()

    def ready(self) -> None:
        if not self.open() and not self._up.wait(CONNECT_SECONDS):
            raise VendorError(f"the MQTT broker is away {self._refusal}".strip())

    def send(self, topic: str, payload: bytes, *, qos: int, wait: float = DELIVERY_SECONDS) -> bool:
        """Tell whether the broker has it, as far as that can be known in this time. It is never sent twice by us."""
        assert self._client is not None  # noqa: S101 (`open` or `ready` was called)
        sent = self._client.publish(topic, payload, qos=qos)
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            log.warning("message not handed to the broker", topic=topic, code=int(sent.rc))
            return False
        sent.wait_for_publish(wait)
        return sent.is_published()

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()
            self._up.clear()

    def _connecting(self) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=new_client_id(), clean_session=True)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.reconnect_delay_set(1, 10)
        self._address.prepare(client)
        client.connect_async(self._address.host, self._address.port, keepalive=30)
        client.loop_start()
        return client

    def _connected(self, client: mqtt.Client, data: Any, flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            self._refusal = f"({code})"
        else:
            self._refusal = ""
            self._up.set()

    def _disconnected(self, client: mqtt.Client, data: Any, flags: Any, code: Any, properties: Any) -> None:
        self._up.clear()


def publisher(app: Flask) -> Publisher:
    """Give this process's own publisher. It is made anew after a fork, as a connection belongs to one process."""
    cached = cast("tuple[int, Publisher] | None", app.extensions.get("mqtt_publisher"))
    if cached is not None and cached[0] == os.getpid():
        return cached[1]
    url = app.config["SETTINGS"].mqtt_url
    if url is None:
        raise VendorError("MQTT_URL is not set, so no station can be reached")
    made = Publisher(url)
    app.extensions["mqtt_publisher"] = (os.getpid(), made)
    return made


def open_publisher(app: Flask) -> Publisher | None:
    """Give this process's own if it is connected now, to a caller that can leave the sending to a job instead."""
    try:
        link = publisher(app)
    except VendorError:
        return None
    return link if link.open() else None
