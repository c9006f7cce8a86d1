"""Stripe Checkout, through Stripe's own package. Repeats are safe: each change carries our idempotency key."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

import stripe

from powerbank.integrations.errors import VendorError
from powerbank.integrations.gateway import (
    GatewayRefund,
    NamedPayment,
    OpenedPayment,
    PaidPayment,
    Payment,
    PaymentRequest,
    Reversal,
    SignedEvent,
)
from powerbank.integrations.http import Http
from powerbank.integrations.stripe import webhooks
from powerbank.integrations.stripe.answers import (
    Json,
    read_dispute,
    read_json,
    read_payment,
    read_refund,
    read_reversal_by_refund,
    read_text,
    to_stripe,
)
from powerbank.integrations.stripe.errors import KeptFailureError, translate_errors

# The one switch that the package has for the whole process only: it would write a file into the home directory.
stripe.enable_telemetry = False

TIMEOUT = (3.05, 15.0)
RETRIES = 1
SHORTEST_SESSION = timedelta(minutes=30)
EXPAND = ["payment_intent.latest_charge"]

Made = TypeVar("Made")


class Stripe:
    name = "stripe"
    title = "Stripe"
    can_refund = True
    signature_header: str | None = "Stripe-Signature"

    def __init__(self, *, secret: str, webhook_secret: str, url: str | None = None) -> None:
        self._webhook_secret = webhook_secret
        self._client = stripe.StripeClient(
            secret,
            base_addresses={"api": url.rstrip("/")} if url else None,
            max_network_retries=RETRIES,
            http_client=BoundedHttpClient(),
        )

    def open_payment(self, request: PaymentRequest, *, key: str) -> OpenedPayment:
        about = {"intent_id": request.intent_id}
        back = f"{request.return_url}{'&' if '?' in request.return_url else '?'}session_id={{CHECKOUT_SESSION_ID}}"
        cancel = f"{request.cancel_url}{'&' if '?' in request.cancel_url else '?'}intent_id={request.intent_id}"
        price = {
            "currency": request.currency.lower(),
            "unit_amount": to_stripe(request.amount, request.currency),
            "product_data": {"name": request.title},
        }
        wanted: Json = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "client_reference_id": request.intent_id,
            "metadata": about,
            "payment_intent_data": {"metadata": about},
            "success_url": back,
            "cancel_url": cancel,
        }
        if request.expires_at is not None:
            # Nothing here may depend on the time of the call, since a repeat must be the same request.
            wanted["expires_at"] = int((request.expires_at + SHORTEST_SESSION).timestamp())

        def create(under: str) -> Json:
            sessions = self._client.v1.checkout.sessions
            return read_json(sessions.create(wanted, {"idempotency_key": under}))  # type: ignore[arg-type]

        made = self._once(create, key, lambda: None)
        with translate_errors():
            return OpenedPayment(read_text(made["id"]), payment_url=read_text(made["url"]))

    def look_up_payment(self, reference: str, *, amount: int, currency: str) -> Payment:
        with translate_errors():
            return read_payment(read_json(self._client.v1.checkout.sessions.retrieve(reference, {"expand": EXPAND})))

    def refund(self, payment_id: str, *, amount: int, currency: str, key: str) -> GatewayRefund:
        wanted: Json = {
            "payment_intent": payment_id,
            "metadata": {"key": key},
            "amount": to_stripe(amount, currency),
        }

        def create(under: str) -> GatewayRefund:
            refunds = self._client.v1.refunds
            return read_refund(read_json(refunds.create(wanted, {"idempotency_key": under})))  # type: ignore[arg-type]

        return self._once(create, key, lambda: self._refund_made(payment_id, key))

    def find_refund(self, paid: PaidPayment, *, amount: int, refunded_before: int, key: str) -> GatewayRefund | None:
        with translate_errors():
            return self._refund_made(paid.payment_id, key)

    def look_up_refund(self, reference: str) -> GatewayRefund:
        with translate_errors():
            return read_refund(read_json(self._client.v1.refunds.retrieve(reference)))

    def list_refunds(self, payment_id: str) -> list[Reversal]:
        with translate_errors():
            found = read_json(self._client.v1.refunds.list({"payment_intent": payment_id, "limit": 100}))
            return [read_reversal_by_refund(one) for one in found["data"]]

    def look_up_dispute(self, dispute_id: str) -> Reversal:
        with translate_errors():
            return read_dispute(read_json(self._client.v1.disputes.retrieve(dispute_id)))

    def verify_webhook(self, body: bytes, signature: str | None) -> SignedEvent | None:
        return webhooks.verify_event(body, signature, self._webhook_secret)

    def named_in_webhook(self, *, body: bytes, query: str) -> NamedPayment:
        return webhooks.read_event(body).named

    def named_in_redirect(self, query: Mapping[str, str]) -> NamedPayment:
        return NamedPayment(query.get("session_id") or None, query.get("intent_id") or None)

    def _once(self, create: Callable[[str], Made], key: str, made: Callable[[], Made | None]) -> Made:
        """Make something once. A failure at Stripe sticks to its key, so what was not done is done under another."""
        try:
            with translate_errors():
                return create(key)
        except KeptFailureError:
            with translate_errors():
                return made() or create(f"{key}-again")

    def _refund_made(self, payment_id: str, key: str) -> GatewayRefund | None:
        found = read_json(self._client.v1.refunds.list({"payment_intent": payment_id, "limit": 100}))
        ours = [one for one in found["data"] if one["metadata"].get("key") == key]
        return read_refund(ours[0]) if ours else None


class BoundedHttpClient(stripe.HTTPClient):
    """The HTTP client of Stripe's package, with our limits on time and size."""

    name = "requests"

    def __init__(self) -> None:
        super().__init__()
        self._http = Http("Stripe")

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        try:
            answer = self._http.send(
                method.upper(), url, timeout=TIMEOUT, headers=dict(headers or {}), data=post_data, auth=keep_headers
            )
        except VendorError as error:
            raise stripe.APIConnectionError(str(error), should_retry=True) from None  # type: ignore[no-untyped-call]
        return answer.body, answer.status, answer.headers

    def close(self) -> None:
        """Connections end with their threads."""


def keep_headers(request: Any) -> Any:
    """Leave the headers as they are. Without this an entry of a .netrc file would replace the key."""
    return request
