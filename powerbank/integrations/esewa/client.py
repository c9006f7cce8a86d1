"""eSewa ePay v2. The browser opens the payment with a signed form, and the status is asked for with what we stored."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.esewa.signatures import sign, verify_redirect
from powerbank.integrations.gateway import (
    ForgedError,
    Form,
    GatewayRefund,
    NamedPayment,
    NotSupportedError,
    OpenedPayment,
    PaidPayment,
    Payment,
    PaymentRequest,
    PaymentState,
    Reversal,
    SignedEvent,
    read_unsigned_webhook,
)
from powerbank.integrations.http import Http

STATES = {
    "COMPLETE": (PaymentState.PAID, True),
    "PENDING": (PaymentState.PENDING, False),
    # The payment is halted at eSewa's side, and becomes one of the others.
    "AMBIGUOUS": (PaymentState.PENDING, False),
    # eSewa says this also before the payer has posted the form, so it is not final.
    "NOT_FOUND": (PaymentState.EXPIRED, False),
    "CANCELED": (PaymentState.CANCELLED, True),
    "FULL_REFUND": (PaymentState.REFUNDED, True),
    "PARTIAL_REFUND": (PaymentState.PARTLY_REFUNDED, True),
}
SIGNED = "total_amount,transaction_uuid,product_code"
SHOWN = ("transaction_uuid", "total_amount", "status", "ref_id")
UUID = re.compile(r"[A-Za-z0-9-]{1,100}")
RUPEES = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")


class Esewa:
    name = "esewa"
    title = "eSewa"
    can_refund = False
    signature_header: str | None = None

    def __init__(self, *, form_url: str, status_url: str, product_code: str, secret: str) -> None:
        self._form_url = form_url
        self._status_url = status_url
        self._product_code = product_code
        self._secret = secret
        self._http = Http("eSewa")

    def open_payment(self, request: PaymentRequest, *, key: str) -> OpenedPayment:
        """Make the form. Nothing is sent: eSewa hears of the payment when the browser posts the form."""
        if request.currency != "NPR":
            raise VendorRefusedError(f"eSewa takes no {request.currency}")
        if not UUID.fullmatch(request.intent_id):
            raise VendorRefusedError("eSewa takes letters, digits and hyphens only")
        if urlsplit(request.return_url).query:
            raise VendorRefusedError("eSewa would spoil a return address that has a query")
        total = write_rupees(request.amount)
        fields = {
            "amount": total,
            "tax_amount": "0",
            "product_service_charge": "0",
            "product_delivery_charge": "0",
            "total_amount": total,
            "transaction_uuid": request.intent_id,
            "product_code": self._product_code,
            "success_url": request.return_url,
            "failure_url": with_query(request.cancel_url, transaction_uuid=request.intent_id),
            "signed_field_names": SIGNED,
        }
        fields["signature"] = sign(fields, SIGNED, self._secret)
        return OpenedPayment(request.intent_id, form=Form(self._form_url, fields))

    def look_up_payment(self, reference: str, *, amount: int, currency: str) -> Payment:
        asked = {
            "product_code": self._product_code,
            "total_amount": write_rupees(amount),
            "transaction_uuid": reference,
        }
        answer = self._http.ask("GET", self._status_url, params=asked)
        if answer.status in (408, 425, 429) or answer.status >= 500 or 300 <= answer.status < 400:
            raise VendorError(f"eSewa: {answer.status}")
        body = answer.object()
        if "status" not in body:
            if answer.status >= 400:
                raise VendorRefusedError(f"eSewa refused with {answer.status}")
            raise VendorError("eSewa: the service is away")  # it says so with status 200, a code of 0 and a message
        if body.get("transaction_uuid") != reference or body.get("product_code") != self._product_code:
            raise VendorError("eSewa: an answer about another payment")
        return read_payment(body, reference)

    def refund(self, payment_id: str, *, amount: int, currency: str, key: str) -> GatewayRefund:
        raise NotSupportedError("eSewa refunds by hand, in its portal")

    def find_refund(self, paid: PaidPayment, *, amount: int, refunded_before: int, key: str) -> GatewayRefund | None:
        raise NotSupportedError("eSewa refunds by hand, in its portal")

    def look_up_refund(self, reference: str) -> GatewayRefund:
        raise NotSupportedError("eSewa refunds by hand, in its portal")

    def list_refunds(self, payment_id: str) -> list[Reversal]:
        return []

    def look_up_dispute(self, dispute_id: str) -> Reversal:
        raise NotSupportedError("eSewa tells of no disputes")

    def verify_webhook(self, body: bytes, signature: str | None) -> SignedEvent | None:
        return None

    def named_in_webhook(self, *, body: bytes, query: str) -> NamedPayment:
        return self.named_in_redirect(read_unsigned_webhook(body, query))

    def named_in_redirect(self, query: Mapping[str, str]) -> NamedPayment:
        """eSewa signs the way back of a payment that succeeded. Any other is our own address with our own number."""
        if "data" in query:
            try:
                fields = verify_redirect(query["data"], secret=self._secret, product_code=self._product_code)
            except ForgedError:
                return NamedPayment()
            reference = fields["transaction_uuid"]
        else:
            reference = query.get("transaction_uuid", "")
        return NamedPayment(reference or None, reference or None)


def read_payment(body: Mapping[str, Any], reference: str) -> Payment:
    state, final = STATES.get(str(body["status"]).strip().upper(), (PaymentState.UNKNOWN, False))
    number = body.get("ref_id")
    if number is not None and not isinstance(number, str):
        raise VendorError("eSewa: a number of another kind")
    amount = read_paisa(body.get("total_amount"))
    if state is PaymentState.PAID and (amount is None or not number):
        raise VendorError("eSewa: complete, without an amount or a number")
    raw = {name: str(body[name])[:200] for name in SHOWN if body.get(name) is not None}
    return Payment(reference, state, final, amount, "NPR", number or None, raw=raw)


def write_rupees(paisa: int) -> str:
    """Write rupees in the shortest way. What is signed is what is sent, so it must only be the same in both."""
    rupees, rest = divmod(paisa, 100)
    return f"{rupees}.{rest:02d}" if rest else str(rupees)


def read_paisa(said: object) -> int | None:
    """Read a number, or text such as "1,000.0". None: it is no amount, or finer than a paisa."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    text = str(said).replace(",", "").strip()
    if not RUPEES.fullmatch(text):
        return None
    paisa = Decimal(text) * 100
    return int(paisa) if paisa == paisa.to_integral_value() else None


def with_query(url: str, **values: str) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(values)}"
