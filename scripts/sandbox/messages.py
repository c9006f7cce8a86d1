"""Everything that was sent: what the inbox shows and what tests ask for."""

import re
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from uuid_utils import uuid7

KEPT = 5_000


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"
    PUSH = "push"


@dataclass(frozen=True)
class Message:
    id: str
    channel: Channel
    to: str
    title: str | None
    body: str
    created_at: datetime
    html: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": self.id, "channel": self.channel.value, "to": self.to}
        if self.title is not None:
            shown["title"] = self.title
        shown["body"] = self.body
        shown["created_at"] = self.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if self.html is not None:
            shown["html"] = self.html
        return {**shown, "details": dict(self.details)}


class Messages:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Message] = deque(maxlen=KEPT)
        self._changes = 0
        self._born = secrets.token_hex(4)

    def add(
        self,
        channel: Channel,
        to: str,
        body: str,
        *,
        title: str | None = None,
        html: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Message:
        with self._lock:
            self._changes += 1
            message = Message(str(uuid7()), channel, to, title, body, datetime.now(UTC), html, details or {})
            self._kept.append(message)
        return message

    def newest_first(self, *, channel: Channel | None = None, to: str | None = None) -> list[Message]:
        with self._lock:
            kept = list(self._kept)
        return [
            message
            for message in reversed(kept)
            if (channel is None or message.channel is channel) and (not to or is_to(message, to))
        ]

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._changes += 1

    @property
    def version(self) -> str:
        """Changes whenever the inbox does, and with every start."""
        return f"{self._born}-{self._changes}"


def is_to(message: Message, asked: str) -> bool:
    """Phone numbers are found with and without the country's code."""
    if message.channel is Channel.SMS:
        return _national(message.to) == _national(asked)
    return message.to.casefold() == asked.strip().casefold()


def _national(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    return digits[-10:] if digits.startswith("977") else digits
