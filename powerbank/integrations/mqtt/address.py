"""Where the broker is, from MQTT_URL."""

from typing import NamedTuple, Self
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt


class Address(NamedTuple):
    host: str
    port: int
    tls: bool
    username: str
    password: str | None

    @classmethod
    def of(cls, url: str) -> Self:
        parts = urlsplit(url)
        tls = parts.scheme == "mqtts"
        password = unquote(parts.password) if parts.password is not None else None
        port = parts.port or (8883 if tls else 1883)
        return cls(unquote(parts.hostname or ""), port, tls, unquote(parts.username or ""), password)

    def prepare(self, client: mqtt.Client) -> None:
        if self.username:
            client.username_pw_set(self.username, self.password)
        if self.tls:
            client.tls_set()
