"""What every payment gateway is to Powerbank. Amounts are in the currency's smallest unit: paisa, cents, yen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from powerbank.integrations.errors import VendorRefusedError


class State(StrEnum):
    PAID = "paid"
    OPEN = "open"  # it can be paid, and nobody has begun to
    PENDING = "pending"  # the payer has; the vendor does not know yet how it ends
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"  # all of it: nothing to credit
    PARTLY_REFUNDED = "partly_refunded"  # or it is not known how much of it
    UNKNOWN = "unknown"  # the vendor says something we do not know: neither paid nor failed


GONE_BACK = frozenset({State.REFUNDED, State.PARTLY_REFUNDED})
# Money may come yet, so it must not count as failed.
HALTED = frozenset({State.PENDING, State.UNKNOWN})


class RefundState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Order:
    intent_id: str
    amount: int
    currency: str
    title: str
    # Without a query: eSewa puts one behind it, whatever is there.
    return_url: str
    cancel_url: str
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Form:
    """What the payer's browser posts to open the payment."""

    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Opened:
    reference: str
    payment_url: str | None = None
    form: Form | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Payment:
    """What the vendor says. Amount and currency are its words, to be compared with what was asked."""

    reference: str
    state: State
    final: bool  # asking again brings nothing new, but for refunds and disputes
    amount: int | None
    currency: str | None
    payment_id: str | None = None  # the vendor's number of the payment that was made
    refunded: int | None = None  # where the vendor tells how much
    raw: Mapping[str, Any] = field(default_factory=dict)  # its own words, without the payer's data


class ReversalState(StrEnum):
    TAKEN = "taken"
    GIVEN_BACK = "given_back"
    NOTHING = "nothing"  # a question or a try: no money has moved


@dataclass(frozen=True)
class Reversal:
    """Money of a payment that went back at the gateway: a dispute, or a refund whoever made it."""

    id: str
    kind: str  # dispute, refund
    state: ReversalState
    amount: int
    currency: str
    payment_id: str
    key: str | None = None  # ours, if the refund was made by us


@dataclass(frozen=True)
class Refund:
    state: RefundState
    reference: str | None
    amount: int | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Named:
    """Which payment somebody speaks of. A hint: anybody can write such a request."""

    reference: str | None = None
    intent_id: str | None = None
    payment_id: str | None = None


@dataclass(frozen=True)
class PaidThrough:
    """A payment that was made, in the gateway's own words."""

    reference: str
    payment_id: str
    charged: int
    currency: str


class UncertainError(VendorRefusedError):
    """The gateway cannot tell us what happened: somebody has to look there."""


class NotSupportedError(VendorRefusedError):
    """This gateway has no such thing."""


class UnknownPaymentError(VendorRefusedError):
    """The vendor knows no payment of this reference."""


class ForgedError(VendorRefusedError):
    """It is not from the vendor, or was changed on its way."""


def can_be_kept(text: str) -> bool:
    """JSON may hold text that no database takes: half a character, or the one that ends a string."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


class Gateway(Protocol):
    name: str
    title: str
    currencies: frozenset[str] | None  # None: any that the vendor takes
    can_refund: bool

    def open(self, order: Order, *, key: str) -> Opened:
        """`key` makes a repeat harmless where the vendor knows such keys; where not, a repeat is a new, unpaid one."""

    def look_up(self, reference: str, *, amount: int, currency: str) -> Payment:
        """`amount` and `currency` are those that were asked for: some vendors find a payment by them only."""

    def refund(
        self, payment_id: str, *, amount: int | None, currency: str, key: str, mobile: str | None = None
    ) -> Refund:
        """All that is left if `amount` is None. After an error without a definite no, look up before a repeat."""

    def find_refund(self, paid: PaidThrough, *, amount: int, refunded_before: int, key: str) -> Refund | None:
        """What became of a refund whose answer was lost. None: it was not made. An `UncertainError` where the
        gateway's words fit either case."""

    def look_up_refund(self, reference: str) -> Refund: ...

    def named_in(self, query: Mapping[str, str]) -> Named:
        """The payment that a browser on its way back speaks of."""
