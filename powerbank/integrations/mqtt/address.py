"""Where the broker is, from MQTT_URL, and who we are there."""

import secrets
from typing import NamedTuple, Self
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt


def new_client_id() -> str:
    """Make a name that nobody guesses, of a length and letters that each broker takes.

    At most brokers whoever signs in under a client id that is in use, with whatever account, takes over its session.
    """
    return secrets.token_hex(11)


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
