"""Define what the module of each protocol provides, and what decoding a message gives."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from powerbank.stations.protocols.commands import Command, EncodedCommand, Unsupported
from powerbank.stations.protocols.events import Event

# No honest message of either protocol comes near this size. It bounds the work on one message.
MAX_PAYLOAD = 64 * 1024
MAX_SLOT = 255
LARGEST_COUNTER = 2**63 - 1

NAME = r"[A-Za-z0-9_-]{1,64}"


class Reason(StrEnum):
    """Why a message cannot be decoded. The reasons are few and fixed, because metrics count them."""

    TOPIC = "topic"
    TOO_LONG = "too_long"
    TEXT = "text"  # not UTF-8
    JSON = "json"
    SHAPE = "shape"  # JSON, but not an object with the needed fields
    MISMATCH = "mismatch"  # it claims another station, command or kind of message than its topic
    HEAD = "head"
    LENGTH = "length"
    CHECK_CODE = "check_code"
    UNKNOWN = "unknown"  # a command or event that the protocol does not have


class Oddity(StrEnum):
    """What is odd about a message that can be decoded all the same."""

    CHECK_CODE = "check_code"
    LENGTH_FIELD = "length_field"
    FIELD = "field"  # a field of the wrong type or range was left out
    SLOT = "slot"  # a slot was left out
    DUPLICATE_SLOT = "duplicate_slot"
    DUPLICATE_SERIAL = "duplicate_serial"
    STATE = "state"  # a state that the protocol does not have, or that contradicts the rest
    SHORTENED = "shortened"  # free data was cut to what is kept


class Note(NamedTuple):
    """An oddity of one message."""

    oddity: Oddity
    detail: str


@dataclass(frozen=True, slots=True)
class Decoded:
    events: tuple[Event, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Undecodable:
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StationFacts:
    """What decoding may know of a station besides the message."""

    refuse_wrong_check_codes: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    filter: str
    qos: int


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol. `up` matches the topics that stations publish to, with the groups `imei` and `kind`."""

    name: str
    below: str  # all topics of a station are below this one: `stations/{imei}`
    subscriptions: tuple[Subscription, ...]
    up: re.Pattern[str]
    decode: Callable[[str, bytes, datetime, StationFacts], Decoded | Undecodable]
    encode: Callable[[Command, str], EncodedCommand | Unsupported]
    supports: frozenset[type[Command]]
    heartbeat_seconds: int
    has_check_codes: bool = False

    def imei_of(self, topic: str) -> str | None:
        found = self.up.fullmatch(topic)
        return found["imei"] if found else None
