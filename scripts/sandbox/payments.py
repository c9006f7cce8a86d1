"""Payments as the sandbox's own page and JSON see them, whichever gateway they are of."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Outcome(StrEnum):
    """What becomes of a payment. What a gateway has no word for, it takes for the nearest it has."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"
    PENDING = "pending"
    AMBIGUOUS = "ambiguous"
    REFUNDED = "refunded"
    DECLINED = "declined"
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"


EVERYWHERE = frozenset(Outcome) - {
    Outcome.DECLINED,
    Outcome.DISPUTED,
    Outcome.DISPUTE_WON,
    Outcome.DISPUTE_LOST,
}
# A payment that was made does not become one that was not.
AFTER_PAYING = frozenset(
    {Outcome.COMPLETED, Outcome.REFUNDED, Outcome.DISPUTED, Outcome.DISPUTE_WON, Outcome.DISPUTE_LOST}
)


class OutcomeError(Exception):
    """This payment cannot take that turn."""

    def __init__(self, why: str, status: int = 409) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Shown:
    gateway: str
    id: str
    title: str
    amount: str
    currency: str
    status: str  # in the gateway's own words
    open: bool
    created_at: datetime
    back: str | None  # where the payer's browser goes now
    refunded: str  # of the amount, so far

    def as_json(self, url: str) -> dict[str, Any]:
        return {
            "gateway": self.gateway,
            "id": self.id,
            "title": self.title,
            "amount": self.amount,
            "refunded": self.refunded,
            "currency": self.currency,
            "status": self.status,
            "open": self.open,
            "created_at": self.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "page": f"{url}/pay/{self.gateway}/{self.id}",
            "redirect": self.back,
        }


@dataclass(frozen=True)
class Call:
    """A request that the vendor, or the payer's browser, makes to whom the payment is for."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class Gateway(Protocol):
    name: str
    title: str
    outcomes: frozenset[Outcome]

    def newest_first(self) -> list[Shown]: ...
    def get(self, payment_id: str) -> Shown | None: ...

    def apply(self, payment_id: str, outcome: Outcome, amount: int | None) -> None:
        """`amount` is in the smallest unit: what is paid where it differs from what was asked."""

    def calls(self, payment_id: str, repeat: int) -> list[Call]:
        """What tells the payee of the last outcome, in the order of its sending."""

    def calls_by_itself(self) -> bool:
        """Tell whether the vendor tells the payee of its own accord, with no browser."""

    def settle_refund(self, refund_id: str, *, succeeded: bool) -> list[Call]: ...


class Gateways:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Gateway] = {}

    def add(self, gateway: Gateway) -> None:
        with self._lock:
            self._known[gateway.name] = gateway

    def get(self, name: str) -> Gateway | None:
        return self._known.get(name)

    def newest_first(self) -> list[Shown]:
        found = [shown for gateway in self._known.values() for shown in gateway.newest_first()]
        return sorted(found, key=lambda shown: shown.created_at, reverse=True)


def money(amount: int, decimals: int = 2) -> str:
    if decimals == 0:
        return str(amount)
    whole, part = divmod(amount, 10**decimals)
    return f"{whole}.{part:0{decimals}d}"
