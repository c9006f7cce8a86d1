"""Keeps what everybody outside saw: each answer, each promise that an answer made, each wait, each fault. Times are
seconds of the monotonic clock of this process."""

import threading
import time
from dataclasses import dataclass, field

now = time.monotonic
AFTERMATH = 15.0  # seconds after a fault in which a wait still counts as find_causes during it
TOLD_WITHIN = 5.0  # seconds from a rider's request until the cabinet is told
BEHIND = 45.0  # seconds for which an ejection without an answer keeps those behind it waiting


@dataclass(frozen=True)
class Answer:
    """The answer to one request, if there was one: `outcome` is the status, or what happened to the connection."""

    asked: str  # method and path, with ids left out
    began: float
    ended: float
    outcome: str

    @property
    def kind(self) -> str:
        """2xx, 4xx, 429, 503, other 5xx, or none."""
        if not self.outcome.isdigit():
            return "none"
        return self.outcome if self.outcome in ("429", "503") else f"{self.outcome[0]}xx"


@dataclass(frozen=True)
class Accepted:
    """A POST that was answered 2xx: its effect must be there, once."""

    what: str  # rental, topup, extension, refund, due, code
    person: str
    subject: str  # the id that the answer named
    key: str


@dataclass(frozen=True)
class Unknown:
    """A POST that got no answer that says whether it was accepted. Its effect is there once, or not at all."""

    what: str
    person: str


@dataclass(frozen=True)
class Paid:
    """A rider paid at a gateway: the wallet must be credited, once."""

    intent_id: str
    gateway: str
    payment_id: str
    person: str


@dataclass(frozen=True)
class Wait:
    """Something that a rider waited for, at one station or at none in particular. `ended` is None if it never came."""

    what: str
    began: float
    ended: float | None
    subject: str
    station: str | None = None


@dataclass
class FaultPeriod:
    """A fault that was there from `began` to `ended`."""

    name: str
    began: float
    ended: float = 0.0
    excuses: float = 0.0  # seconds of silence that are the fault's own and no fault of the product
    shows: frozenset[str] = frozenset()  # what health must say of it
    kind: str = "other"
    concerns: tuple[str, ...] = ()  # the waits that it can lengthen; all, if none is named
    stations: frozenset[str] = frozenset()  # likewise

    def may_lengthen(self, wait: Wait) -> bool:
        """Say whether the wait fell into this fault or its aftermath, and can have to do with it."""
        aftermath = BEHIND if self.stations else AFTERMATH
        if wait.began > self.ended + aftermath or (wait.ended is not None and wait.ended < self.began):
            return False
        if self.concerns and not wait.what.startswith(self.concerns):
            return False
        if not self.stations:
            return True
        # A cabinet lies when it is told to eject or given a bank, which is when the wait begins, and not later.
        told = self.began - TOLD_WITHIN <= wait.began
        return told and (wait.station is None or wait.station in self.stations)


def find_causes(wait: Wait, periods: list[FaultPeriod]) -> list[FaultPeriod]:
    """Find the faults that a wait is put down to: where a cabinet or a vendor concerned it, those alone."""
    concerned = [each for each in periods if each.may_lengthen(wait)]
    return [each for each in concerned if each.concerns] or concerned


@dataclass
class Journal:
    answers: list[Answer] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    fault_periods: list[FaultPeriod] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)  # answers that no rider should get
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note(self, entry: "Answer | Accepted | Unknown | Paid | Wait | str") -> None:
        with self._guard:
            match entry:
                case Answer():
                    self.answers.append(entry)
                case Accepted():
                    self.accepted.append(entry)
                case Unknown():
                    self.unknown.append(entry)
                case Paid():
                    self.paid.append(entry)
                case Wait():
                    self.waits.append(entry)
                case str():
                    self.surprises.append(entry)
