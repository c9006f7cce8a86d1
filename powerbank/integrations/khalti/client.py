"""Khalti ePayment (KPG-2). Amounts are whole paisa, and only a lookup is to be believed."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from requests import PreparedRequest
from requests.auth import AuthBase

from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.gateway import (
    GONE_BACK,
    GatewayRefund,
    NamedPayment,
    NotSupportedError,
    OpenedPayment,
    PaidPayment,
    Payment,
    PaymentRequest,
    PaymentState,
    RefundState,
    Reversal,
    SignedEvent,
    UncertainError,
    UnknownPaymentError,
    read_unsigned_webhook,
)
from powerbank.integrations.http import Answer, Http

# Khalti's states, in lower case as some samples have them, and whether each is final.
STATES = {
    "completed": (PaymentState.PAID, True),
    "pending": (PaymentState.PENDING, False),
    "initiated": (PaymentState.OPEN, False),
    "refunded": (PaymentState.REFUNDED, True),
    "partially refunded": (PaymentState.PARTLY_REFUNDED, True),
    "expired": (PaymentState.EXPIRED, True),
    "user canceled": (PaymentState.CANCELLED, True),
}
# A payment that ended without money comes with status 400 and the body of any other.
WITH_400 = (PaymentState.EXPIRED, PaymentState.CANCELLED)
SHOWN = ("pidx", "total_amount", "status", "transaction_id", "fee", "refunded")
TITLE_LENGTH = 100


class Key(AuthBase):
    """Khalti's key. As a plain header it would give way to an entry of a .netrc file."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Key {self._secret}"
        return request


class Khalti:
    name = "khalti"
    title = "Khalti"
    can_refund = True
    signature_header: str | None = None

    def __init__(self, *, url: str, secret: str, website_url: str) -> None:
        self._url = url.rstrip("/")
        # The address of refunds is beside the versioned part, not in it.
        self._refund_url = f"{self._url.removesuffix('/v2')}/merchant-transaction"
        self._website_url = website_url
        self._http = Http("Khalti", auth=Key(secret))

    def open_payment(self, request: PaymentRequest, *, key: str) -> OpenedPayment:
        if request.currency != "NPR":
            raise VendorRefusedError(f"Khalti takes no {request.currency}")
        wanted = {
            "return_url": request.return_url,
            "website_url": self._website_url,
            "amount": request.amount,
            "purchase_order_id": request.intent_id,
            "purchase_order_name": request.title[:TITLE_LENGTH],
        }
        answer = self._http.send("POST", f"{self._url}/epayment/initiate/", json=wanted)
        if answer.status != 200:
            raise refusal_error(answer)
        body = answer.object()
        try:
            return OpenedPayment(read_text(body["pidx"]), payment_url=read_url(body["payment_url"]))
        except (KeyError, ValueError):
            raise VendorError("Khalti: an answer without a payment") from None

    def look_up_payment(self, reference: str, *, amount: int, currency: str) -> Payment:
        answer = self._http.ask("POST", f"{self._url}/epayment/lookup/", json={"pidx": reference})
        if answer.status not in (200, 400):
            raise refusal_error(answer)
        body = answer.object()
        if "status" not in body or "pidx" not in body:
            raise refusal_error(answer)
        if body["pidx"] != reference:
            raise VendorError("Khalti: an answer about another payment")
        payment = read_payment(body, reference)
        if answer.status == 400 and payment.state not in (*WITH_400, PaymentState.UNKNOWN):
            raise VendorError(f"Khalti: 400 and {body['status']!s:.40}")
        return payment

    def refund(self, payment_id: str, *, amount: int, currency: str, key: str) -> GatewayRefund:
        """Khalti knows no idempotency key: after an error that is no definite no, the lookup tells what happened."""
        url = f"{self._refund_url}/{quote(payment_id, safe='')}/refund/"
        answer = self._http.send("POST", url, json={"amount": amount})
        if answer.status not in (200, 201):
            raise refusal_error(answer)
        detail = answer.object().get("detail")
        if not isinstance(detail, str):
            raise VendorError("Khalti: a refund without a detail")
        return GatewayRefund(RefundState.SUCCEEDED, None, amount, {"detail": detail[:200]})

    def find_refund(self, paid: PaidPayment, *, amount: int, refunded_before: int, key: str) -> GatewayRefund | None:
        """Find a refund in the payment's lookup, which tells whether a part or everything went back, never how much."""
        payment = self.look_up_payment(paid.reference, amount=paid.charged, currency=paid.currency)
        if payment.state not in GONE_BACK:
            return None
        completes = refunded_before + amount == paid.charged
        everything = payment.state is PaymentState.REFUNDED
        if everything == completes and (completes or refunded_before == 0):
            return GatewayRefund(RefundState.SUCCEEDED, None, amount, dict(payment.raw))
        if completes and refunded_before:
            return None  # only the earlier parts have gone back
        raise UncertainError("Khalti: something was refunded, and not what we asked for")

    def look_up_refund(self, reference: str) -> GatewayRefund:
        raise NotSupportedError("Khalti tells of refunds in the payment's own lookup")

    def list_refunds(self, payment_id: str) -> list[Reversal]:
        return []

    def look_up_dispute(self, dispute_id: str) -> Reversal:
        raise NotSupportedError("Khalti tells of no disputes")

    def verify_webhook(self, body: bytes, signature: str | None) -> SignedEvent | None:
        return None

    def named_in_webhook(self, *, body: bytes, query: str) -> NamedPayment:
        return self.named_in_redirect(read_unsigned_webhook(body, query))

    def named_in_redirect(self, query: Mapping[str, str]) -> NamedPayment:
        return NamedPayment(query.get("pidx") or None, query.get("purchase_order_id") or None)


def read_payment(body: Mapping[str, Any], reference: str) -> Payment:
    state_text = str(body["status"]).strip().lower().replace("_", " ")
    state, final = STATES.get(state_text, (PaymentState.UNKNOWN, False))
    if body.get("refunded") is True and state is not PaymentState.REFUNDED:
        state, final = PaymentState.PARTLY_REFUNDED, True
    amount, number = body.get("total_amount"), body.get("transaction_id")
    if not isinstance(amount, int) or isinstance(amount, bool):
        amount = None
    if number is not None and not isinstance(number, str):
        raise VendorError("Khalti: a transaction's number of another kind")
    if state is PaymentState.PAID and (amount is None or not number):
        raise VendorError("Khalti: completed, without an amount or a number")
    raw = {name: str(body[name])[:200] for name in SHOWN if body.get(name) is not None}
    return Payment(reference, state, final, amount, "NPR", number or None, raw=raw)


def refusal_error(answer: Answer) -> Exception:
    """Make the error of a refusal. It has the names of fields, and never their values."""
    if answer.status in (408, 425, 429) or answer.status >= 500 or answer.status < 400:
        return VendorError(f"Khalti: {answer.status}")
    body = answer.object()
    if answer.status == 404 or body.get("detail") == "Not found.":
        return UnknownPaymentError("Khalti knows no such payment")
    fields = [name for name in body if name not in ("error_key", "detail", "status_code")]
    return VendorRefusedError(f"Khalti refused with {answer.status}: {', '.join(fields)[:200] or 'no reason given'}")


def read_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("no text")
    return value


def read_url(value: object) -> str:
    found = read_text(value)
    if not found.startswith(("https://", "http://")):
        raise ValueError("no address")
    return found
