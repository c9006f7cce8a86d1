"""Play the server's side: send commands through the protocol modules, and collect the messages of stations."""

import itertools
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from powerbank.stations.protocols import PROTOCOLS, find_route, list_subscriptions
from powerbank.stations.protocols.commands import Command, EncodedCommand
from powerbank.stations.protocols.events import Event
from powerbank.stations.protocols.protocol import Decoded, StationFacts, Undecodable
from scripts.simulation import StationSpec

Wanted = TypeVar("Wanted", bound=Command)
Kind = TypeVar("Kind")


class Heard(NamedTuple):
    imei: str
    found: Event | Undecodable


class Server:
    def __init__(self, url: str) -> None:
        self.heard: list[Heard] = []
        self._ids = itertools.count(1)
        self._news = threading.Condition()
        parts = urlsplit(url)
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(parts.username or "", parts.password)
        self._client.on_message = lambda client, data, message: self._hear(message)
        ready = threading.Event()
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.connect(parts.hostname or "", parts.port or 1883)
        self._client.subscribe([(one.filter, one.qos) for one in list_subscriptions()])
        self._client.loop_start()
        assert ready.wait(60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, station: StationSpec, kind: type[Wanted], *, seconds: float = 30, **words: Any) -> Wanted:
        now = datetime.now(UTC)
        words.setdefault("command_id", f"{id(self)}-{next(self._ids)}")
        command = kind(issued_at=now, deadline=now + timedelta(seconds=seconds), **words)
        self.repeat(station, command)
        return command

    def repeat(self, station: StationSpec, command: Command) -> None:
        found = PROTOCOLS[station.protocol].encode(command, station.imei)
        assert isinstance(found, EncodedCommand)
        message = found.message
        self._client.publish(message.topic, message.payload, qos=message.qos)

    def tell(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1)

    def all(self, station: StationSpec, kind: type[Kind]) -> list[Kind]:
        return [one.found for one in list(self.heard) if one.imei == station.imei and isinstance(one.found, kind)]

    def wait_for(
        self, station: StationSpec, kind: type[Kind], *, where: Callable[[Kind], object] = bool, count: int = 1
    ) -> list[Kind]:
        """Wait for the first `count` events that fit."""
        deadline = time.monotonic() + 60
        while True:
            fit = [one for one in self.all(station, kind) if where(one)]
            if len(fit) >= count:
                return fit[:count]
            left = deadline - time.monotonic()
            assert left > 0, f"{len(fit)} of {count} {kind.__name__}; there were {self.all(station, object)[-10:]}"
            with self._news:
                self._news.wait(min(left, 0.2))

    def _hear(self, message: mqtt.MQTTMessage) -> None:
        route = find_route(message.topic)
        assert route is not None
        found = route.protocol.decode(message.topic, bytes(message.payload), datetime.now(UTC), StationFacts())
        new = [Heard(route.imei, event) for event in found.events] if isinstance(found, Decoded) else []
        with self._news:
            self.heard += new or [Heard(route.imei, found)]  # type: ignore[list-item]
            self._news.notify_all()
