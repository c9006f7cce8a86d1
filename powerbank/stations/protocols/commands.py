"""What a station can be told, in the words of the domain."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    command_id: str
    issued_at: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Eject(Command):
    serial: str
    slot: int
    rental_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetStatus(Command):
    """Asks for a snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockSlot(Command):
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockSlot(Command):
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetSlot(Command):
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance(Command):
    enable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot(Command):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFirmware(Command):
    url: str
    sha256: str
    version: str


class AnsweredBy(StrEnum):
    """What tells that a command was carried out."""

    COMMAND_ID = "command_id"  # a CommandAnswer with its id
    SERIAL = "serial"  # Ejected or EjectFailed with its serial: the server knows the one open eject
    SNAPSHOT = "snapshot"  # the next snapshot
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    payload: bytes
    qos: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message, what answers it, and the message that shows afterwards what really happened.

    `look` goes out no sooner than `look_after` seconds after an answer, or once the deadline has passed: a
    snapshot taken earlier may still show what was there before.
    """

    message: Message
    answered_by: AnsweredBy
    look: Message | None = None
    look_after: int = 0


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The protocol has no words for it."""

    reason: str
