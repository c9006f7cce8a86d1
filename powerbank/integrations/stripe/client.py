"""Stripe Checkout, through Stripe's own package. Repeats are safe: each change carries our idempotency key."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import stripe

from powerbank.integrations.errors import VendorError
from powerbank.integrations.gateway import (
    Named,
    Opened,
    Order,
    PaidThrough,
    Payment,
    Refund,
    RefundState,
    Reversal,
    State,
)
from powerbank.integrations.http import Http
from powerbank.integrations.stripe import reversals, webhooks
from powerbank.integrations.stripe.currencies import from_stripe, to_stripe
from powerbank.integrations.stripe.errors import KeptFailureError, translated

# The one switch that the package has for the whole process only: it would write a file into the home directory.
stripe.enable_telemetry = False

TIMEOUT = (3.05, 15.0)
RETRIES = 1
SHORTEST_SESSION = timedelta(minutes=30)
REFUND_STATES = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
EXPAND = ["payment_intent.latest_charge"]

Made = TypeVar("Made")
Json = dict[str, Any]


class Stripe:
    name = "stripe"
    title = "Stripe"
    currencies: frozenset[str] | None = None
    can_refund = True

    def __init__(self, *, secret: str, webhook_secret: str, url: str | None = None) -> None:
        self._webhook_secret = webhook_secret
        self._client = stripe.StripeClient(
            secret,
            base_addresses={"api": url.rstrip("/")} if url else None,
            max_network_retries=RETRIES,
            http_client=Bounded(),
        )

    def open(self, order: Order, *, key: str) -> Opened:
        about = {"intent_id": order.intent_id}
        back = f"{order.return_url}{'&' if '?' in order.return_url else '?'}session_id={{CHECKOUT_SESSION_ID}}"
        cancel = f"{order.cancel_url}{'&' if '?' in order.cancel_url else '?'}intent_id={order.intent_id}"
        price = {
            "currency": order.currency.lower(),
            "unit_amount": to_stripe(order.amount, order.currency),
            "product_data": {"name": order.title},
        }
        wanted: Json = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "client_reference_id": order.intent_id,
            "metadata": about,
            "payment_intent_data": {"metadata": about},
            "success_url": back,
            "cancel_url": cancel,
        }
        if order.expires_at is not None:
            # Nothing here may depend on the time of the call: a repeat must be the same request.
            wanted["expires_at"] = int((order.expires_at + SHORTEST_SESSION).timestamp())

        def create(under: str) -> Json:
            sessions = self._client.v1.checkout.sessions
            return plain(sessions.create(wanted, {"idempotency_key": under}))  # type: ignore[arg-type]

        made = self._once(create, key, lambda: None)
        with translated():
            expires_at = datetime.fromtimestamp(made["expires_at"], UTC)
            return Opened(text(made["id"]), payment_url=text(made["url"]), expires_at=expires_at)

    def look_up(self, reference: str, *, amount: int, currency: str) -> Payment:
        with translated():
            return payment_from(plain(self._client.v1.checkout.sessions.retrieve(reference, {"expand": EXPAND})))

    def refund(
        self, payment_id: str, *, amount: int | None, currency: str, key: str, mobile: str | None = None
    ) -> Refund:
        wanted: Json = {"payment_intent": payment_id, "metadata": {"key": key}}
        if amount is not None:
            wanted["amount"] = to_stripe(amount, currency)

        def create(under: str) -> Refund:
            refunds = self._client.v1.refunds
            return refund_from(plain(refunds.create(wanted, {"idempotency_key": under})))  # type: ignore[arg-type]

        return self._once(create, key, lambda: self._refund_made(payment_id, key))

    def find_refund(self, paid: PaidThrough, *, amount: int, refunded_before: int, key: str) -> Refund | None:
        with translated():
            return self._refund_made(paid.payment_id, key)

    def look_up_refund(self, reference: str) -> Refund:
        with translated():
            return refund_from(plain(self._client.v1.refunds.retrieve(reference)))

    def refunds_of(self, payment_id: str) -> list[Reversal]:
        """All of them, whoever made them."""
        with translated():
            found = plain(self._client.v1.refunds.list({"payment_intent": payment_id, "limit": 100}))
            return [reversals.refund_from(one) for one in found["data"]]

    def dispute(self, dispute_id: str) -> Reversal:
        with translated():
            return reversals.dispute_from(plain(self._client.v1.disputes.retrieve(dispute_id)))

    def payment_of(self, payment_id: str) -> str | None:
        """The session of a PaymentIntent: for events that name only that."""
        with translated():
            found = plain(self._client.v1.checkout.sessions.list({"payment_intent": payment_id, "limit": 1}))
            return text(found["data"][0]["id"]) if found["data"] else None

    def verify(self, body: bytes, signature: str | None) -> webhooks.Event:
        return webhooks.verify(body, signature, self._webhook_secret)

    def named_in(self, query: Mapping[str, str]) -> Named:
        return Named(query.get("session_id") or None, query.get("intent_id") or None)

    def _once(self, create: Callable[[str], Made], key: str, made: Callable[[], Made | None]) -> Made:
        """A failure at Stripe sticks to its key, so what was not done in spite of it is done under another."""
        try:
            with translated():
                return create(key)
        except KeptFailureError:
            with translated():
                return made() or create(f"{key}-again")

    def _refund_made(self, payment_id: str, key: str) -> Refund | None:
        found = plain(self._client.v1.refunds.list({"payment_intent": payment_id, "limit": 100}))
        ours = [one for one in found["data"] if one["metadata"].get("key") == key]
        return refund_from(ours[0]) if ours else None


def payment_from(session: Json) -> Payment:
    intent = session["payment_intent"] or {}
    state, final = state_of(session["status"], session["payment_status"], intent.get("status"))
    paid = state is State.PAID
    currency = text(intent["currency"] if paid else session["currency"]).upper()
    refunded = (intent.get("latest_charge") or {}).get("amount_refunded", 0)
    if paid and refunded:
        state = State.REFUNDED if refunded >= intent["amount_received"] else State.PARTLY_REFUNDED
    return Payment(
        reference=text(session["id"]),
        state=state,
        final=final,
        amount=from_stripe(whole(intent["amount_received"] if paid else session["amount_total"]), currency),
        currency=currency,
        payment_id=text(intent["id"]) if intent else None,
        refunded=from_stripe(whole(refunded), currency) if paid else None,
        raw={
            "status": session["status"],
            "payment_status": session["payment_status"],
            "intent_status": intent.get("status"),
        },
    )


def state_of(session: str, payment: str, intent: str | None) -> tuple[State, bool]:
    if session == "complete" and payment == "paid" and intent == "succeeded":
        return State.PAID, True
    if session == "complete" and payment == "unpaid":
        if intent in ("requires_payment_method", "canceled"):
            return State.FAILED, True
        # A slow way to pay: the money may come days later.
        return State.PENDING, False
    if session == "open":
        return State.OPEN, False
    if session == "expired":
        return State.EXPIRED, True
    return State.UNKNOWN, False


def refund_from(found: Json) -> Refund:
    state = REFUND_STATES.get(found["status"], RefundState.PENDING)
    currency = text(found["currency"]).upper()
    amount = from_stripe(whole(found["amount"]), currency)
    return Refund(state, text(found["id"]), amount, {"status": found["status"]})


def plain(found: Any) -> Json:
    """The JSON as it came; the package's objects are no dictionaries."""
    data = found.last_response.data
    if not isinstance(data, dict):
        raise TypeError("no object")
    return data


def text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("no text")
    return value


def whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("no whole number")
    return value


class Bounded(stripe.HTTPClient):
    """The package's way out, with our limits on time and size."""

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
    """Without it an entry of a .netrc file would replace the key."""
    return request
