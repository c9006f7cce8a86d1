"""The commands that stations can be given, whatever protocol they speak."""

from dataclasses import dataclass
from datetime import datetime


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
    """Ask for a snapshot."""


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


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    topic: str
    payload: bytes
    qos: int


@dataclass(frozen=True, slots=True)
class EncodedCommand:
    """A command as a message, and how many seconds the cabinet takes until a snapshot shows what it did."""

    message: OutgoingMessage
    settling_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The protocol does not have this command, or cannot say it like this."""

    reason: str
