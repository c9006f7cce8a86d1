"""Stripe's objects as they are born. They are kept as the JSON that is answered."""

import time
from collections.abc import Mapping
from typing import Any

from scripts.sandbox.vendors.stripe import params
from scripts.sandbox.vendors.stripe.events import Object, new_id
from scripts.sandbox.vendors.stripe.params import StripeError

SESSION_PARAMS = frozenset(
    {
        "mode",
        "line_items",
        "success_url",
        "cancel_url",
        "client_reference_id",
        "metadata",
        "payment_intent_data",
        "expires_at",
        "customer_email",
        "locale",
        "payment_method_types",
        "ui_mode",
        "currency",
        "expand",
        "submit_type",
        "adaptive_pricing",
    }
)
INTENT_PARAMS = frozenset(
    {
        "amount",
        "currency",
        "metadata",
        "description",
        "payment_method_types",
        "expand",
        "automatic_payment_methods",
        "transfer_group",
    }
)
REFUND_PARAMS = frozenset({"payment_intent", "charge", "amount", "reason", "metadata", "expand"})
REASONS = ("duplicate", "fraudulent", "requested_by_customer")
SHORTEST, LONGEST, USUAL = 30 * 60, 24 * 3600, 24 * 3600
# Our clock and theirs are seconds apart.
GRACE = 60


def session(given: Mapping[str, Any], url: str) -> tuple[Object, Object]:
    """The session, and what its payment will know."""
    params.known_only(given, SESSION_PARAMS)
    if params.required(given, "mode") != "payment":
        raise StripeError("The sandbox plays mode=payment only.", param="mode")
    amount, currency, title = _total(given)
    data = given.get("payment_intent_data") or {}
    if not isinstance(data, dict):
        raise StripeError("Invalid object", param="payment_intent_data")
    id_ = new_id("cs_test")
    made = {
        "id": id_,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "created": int(time.time()),
        "currency": currency,
        "expires_at": _expiry(given),
        "livemode": False,
        "metadata": params.texts(given.get("metadata"), "metadata"),
        "mode": "payment",
        "payment_intent": None,
        "payment_status": "unpaid",
        "status": "open",
        "success_url": params.required(given, "success_url"),
        "ui_mode": "hosted_page",
        "url": f"{url}/pay/stripe/{id_}",
    }
    about = {"metadata": params.texts(data.get("metadata"), "payment_intent_data[metadata]"), "description": title}
    return made, about


def _total(given: Mapping[str, Any]) -> tuple[int, str, str]:
    items = params.required(given, "line_items")
    if not isinstance(items, list):
        raise StripeError("Invalid array", param="line_items")
    amount, currency, title = 0, "", ""
    for index, item in enumerate(items):
        path = f"line_items[{index}]"
        price = params.required(item, "price_data", f"{path}[price_data]")
        code = params.currency(params.required(price, "currency", f"{path}[price_data][currency]"), path)
        if currency and code != currency:
            raise StripeError("All line items must have one currency.", param="line_items")
        currency = code
        product = params.required(price, "product_data", f"{path}[price_data][product_data]")
        title = title or str(params.required(product, "name", f"{path}[price_data][product_data][name]"))
        each = params.required(price, "unit_amount", f"{path}[price_data][unit_amount]")
        quantity = params.required(item, "quantity", f"{path}[quantity]")
        amount += params.integer(each, f"{path}[price_data][unit_amount]") * params.integer(quantity, path)
    params.check_amount(amount, currency, "line_items")
    return amount, currency, title


def _expiry(given: Mapping[str, Any]) -> int:
    now = int(time.time())
    if "expires_at" not in given:
        return now + USUAL
    asked = params.integer(given["expires_at"], "expires_at")
    if not now + SHORTEST - GRACE <= asked <= now + LONGEST + GRACE:
        said = "The `expires_at` timestamp must be between 30 minutes and 24 hours after Checkout Session creation."
        raise StripeError(said, param="expires_at")
    return asked


def intent(amount: int, currency: str, about: Mapping[str, Any]) -> Object:
    return {
        "id": new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_received": 0,
        "created": int(time.time()),
        "currency": currency,
        "description": about.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": dict(about.get("metadata") or {}),
        "status": "requires_payment_method",
    }


def charge(of: Object, amount: int) -> Object:
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "captured": True,
        "created": int(time.time()),
        "currency": of["currency"],
        "disputed": False,
        "livemode": False,
        "metadata": dict(of["metadata"]),
        "paid": True,
        "payment_intent": of["id"],
        "refunded": False,
        "status": "succeeded",
    }


def refund(given: Mapping[str, Any], of: Object) -> Object:
    left = of["amount"] - of["amount_refunded"]
    if left == 0:
        said = f"Charge {of['id']} has already been refunded."
        raise StripeError(said, code="charge_already_refunded", executed=True)
    amount = params.integer(given["amount"], "amount") if "amount" in given else left
    if amount <= 0:
        raise StripeError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        said = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise StripeError(said, param="amount", executed=True)
    if given.get("reason") not in (None, *REASONS):
        raise StripeError(f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": of["id"],
        "created": int(time.time()),
        "currency": of["currency"],
        "metadata": params.texts(given.get("metadata"), "metadata"),
        "payment_intent": of["payment_intent"],
        "reason": given.get("reason"),
        "status": "succeeded",
    }


def dispute(of: Object) -> Object:
    return {
        "id": new_id("dp"),
        "object": "dispute",
        "amount": of["amount"] - of["amount_refunded"],
        "charge": of["id"],
        "created": int(time.time()),
        "currency": of["currency"],
        "livemode": False,
        "metadata": {},
        "payment_intent": of["payment_intent"],
        "reason": "fraudulent",
        "status": "needs_response",
    }
