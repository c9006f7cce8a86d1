"""Define what every payment gateway is to Powerbank. Amounts are in the currency's smallest unit: paisa, cents, yen."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import parse_qsl

from powerbank.integrations.errors import VendorRefusedError


class PaymentState(StrEnum):
    PAID = "paid"
    OPEN = "open"  # it can be paid, and nobody has begun to
    PENDING = "pending"  # the payer has begun; the gateway does not know yet how it ends
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"  # all of it went back, so there is nothing to credit
    PARTLY_REFUNDED = "partly_refunded"  # a part went back, or it is not known how much
    UNKNOWN = "unknown"  # the gateway says something that we do not know: neither paid nor failed


GONE_BACK = frozenset({PaymentState.REFUNDED, PaymentState.PARTLY_REFUNDED})
# Money may still come, so these must not count as failed.
HALTED = frozenset({PaymentState.PENDING, PaymentState.UNKNOWN})


class RefundState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class PaymentRequest:
    """What a gateway is asked to take from a payer."""

    intent_id: str
    amount: int
    currency: str
    title: str
    # Both addresses are without a query: eSewa puts one behind them, whatever is there.
    return_url: str
    cancel_url: str
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Form:
    """What the payer's browser posts to open the payment."""

    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class OpenedPayment:
    """A payment that can be paid: at an address, or by a form that the browser posts."""

    reference: str
    payment_url: str | None = None
    form: Form | None = None


@dataclass(frozen=True)
class Payment:
    """How a gateway says that a payment stands. Amount and currency are to be compared with what was asked for."""

    reference: str
    state: PaymentState
    final: bool  # asking again brings nothing new, except refunds and disputes
    amount: int | None
    currency: str | None
    payment_id: str | None = None  # the gateway's number of the payment that was made
    refunded: int | None = None  # where the gateway tells how much
    raw: Mapping[str, Any] = field(default_factory=dict)  # the gateway's own words, without the payer's data


class ReversalState(StrEnum):
    TAKEN = "taken"
    GIVEN_BACK = "given_back"
    NOTHING = "nothing"  # a question or a try: no money has moved


@dataclass(frozen=True)
class Reversal:
    """Money of a payment that went back at the gateway: by a dispute, or by a refund, whoever made it."""

    id: str
    kind: str  # dispute, refund
    state: ReversalState
    amount: int
    currency: str
    payment_id: str
    key: str | None = None  # ours, if we made the refund


@dataclass(frozen=True)
class GatewayRefund:
    """How a gateway says that a refund stands."""

    state: RefundState
    reference: str | None
    amount: int | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NamedPayment:
    """Which payment somebody speaks of, and which dispute of it. It is a hint: anybody can write such a request."""

    reference: str | None = None
    intent_id: str | None = None
    payment_id: str | None = None
    dispute_id: str | None = None


@dataclass(frozen=True)
class SignedEvent:
    """A webhook that the gateway itself has signed. Only its names are used, and the gateway is asked for the rest:
    events come late, twice and in any sequence."""

    id: str
    type: str
    named: NamedPayment


@dataclass(frozen=True)
class PaidPayment:
    """A payment that was made, under the gateway's own names."""

    reference: str
    payment_id: str
    charged: int
    currency: str


class UncertainError(VendorRefusedError):
    """The gateway cannot tell us what happened: somebody has to look there."""


class NotSupportedError(VendorRefusedError):
    """This gateway has no such thing."""


class UnknownPaymentError(VendorRefusedError):
    """The gateway knows no payment of this reference."""


class ForgedError(VendorRefusedError):
    """This is not from the gateway, or it was changed on its way."""


class Gateway(Protocol):
    name: str
    title: str
    can_refund: bool
    signature_header: str | None  # the header with the signature of a webhook; None where webhooks are not signed

    def open_payment(self, request: PaymentRequest, *, key: str) -> OpenedPayment:
        """Make a payment that can be paid.

        `key` makes a repeat harmless where the gateway knows such keys; elsewhere a repeat is a new, unpaid one.
        """

    def look_up_payment(self, reference: str, *, amount: int, currency: str) -> Payment:
        """Ask how a payment stands.

        `amount` and `currency` are those that were asked for: some gateways find a payment by them only.
        """

    def refund(self, payment_id: str, *, amount: int, currency: str, key: str) -> GatewayRefund:
        """Send money back. After an error that is no definite no, find the refund before a repeat."""

    def find_refund(self, paid: PaidPayment, *, amount: int, refunded_before: int, key: str) -> GatewayRefund | None:
        """Find out what became of a refund whose answer was lost. None: it was not made.

        An `UncertainError` is raised where what the gateway says fits either case.
        """

    def look_up_refund(self, reference: str) -> GatewayRefund: ...

    def list_refunds(self, payment_id: str) -> list[Reversal]:
        """List all refunds of a payment, whoever made them. There are none where the gateway does not list them."""

    def look_up_dispute(self, dispute_id: str) -> Reversal: ...

    def verify_webhook(self, body: bytes, signature: str | None) -> SignedEvent | None:
        """Give the event that a webhook holds, or raise a `ForgedError`. None where webhooks are not signed."""

    def named_in_webhook(self, *, body: bytes, query: str) -> NamedPayment:
        """Tell which payment a webhook speaks of, once it is verified."""

    def named_in_redirect(self, query: Mapping[str, str]) -> NamedPayment:
        """Tell which payment a browser speaks of that the gateway has sent back."""


def is_storable_text(text: str) -> bool:
    """JSON may hold text that no database takes: half a character, or the one that ends a string."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def read_unsigned_webhook(body: bytes, query: str) -> dict[str, str]:
    """Read the texts of a webhook that nobody signed, from its query and from a body of JSON or of a form."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = dict(parse_qsl(body.decode("utf-8", errors="replace")))
    if not isinstance(found, dict):
        found = {}
    texts = {str(name): value for name, value in found.items() if isinstance(value, str) and is_storable_text(value)}
    return dict(parse_qsl(query)) | texts
