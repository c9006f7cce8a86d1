"""Khalti ePayment: initiate, lookup and refund, and a way back that anybody could forge."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from scripts.sandbox.vendor import Vendor, World, from_anywhere
from scripts.sandbox.vendors.khalti.payments import KhaltiPayments, as_lookup, iso

MIN_PAISA = 1000
URLS = ("return_url", "website_url")
TEXTS = ("purchase_order_id", "purchase_order_name")


class KhaltiError(Exception):
    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.body = body


def invalid(status: int = 400, /, **fields: Any) -> KhaltiError:
    return KhaltiError(status, {**fields, "error_key": "validation_error"})


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("khalti", __name__, url_prefix="/khalti/api")
    payments = KhaltiPayments(world)
    world.gateways.add(payments)
    world.on_reset.append(payments.clear)

    @routes.errorhandler(KhaltiError)
    def refused(problem: KhaltiError) -> tuple[Response, int]:
        return jsonify(problem.body), problem.status

    @routes.before_request
    def authenticate() -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if not key:
            said = "Authentication credentials were not provided."
            raise KhaltiError(401, {"detail": said, "status_code": 401})
        if scheme.lower() != "key" or key != world.accounts.khalti_secret:
            raise KhaltiError(401, {"detail": "Invalid token.", "status_code": 401})

    @routes.post("/v2/epayment/initiate/")
    def initiate() -> Response:
        given = body()
        check(given)
        payment = payments.create(given)
        return jsonify(
            pidx=payment.pidx,
            payment_url=f"{world.url}/pay/khalti/{payment.pidx}",
            expires_at=iso(payment.expires_at),
            expires_in=payments.link_seconds,
            **{name: value for name, value in given.items() if name.startswith("merchant_")},
        )

    @routes.post("/v2/epayment/lookup/")
    def lookup() -> tuple[Response, int]:
        payment = payments.find(str(body().get("pidx", "")))
        if payment is None:
            raise invalid(404, detail="Not found.")
        # What ended without money is a 400, with the same body as everything else.
        return jsonify(as_lookup(payment)), 400 if payment.ended else 200

    @routes.post("/merchant-transaction/<transaction_id>/refund/")
    def refund(transaction_id: str) -> Response:
        given = body()
        payment = payments.paid_as(transaction_id)
        if payment is None:
            raise invalid(404, detail="Not found.")
        if payment.by_bank and not given.get("mobile"):
            raise invalid(mobile=["This field is required."])
        left = payment.paid - payment.refunded
        amount = whole(given["amount"]) if "amount" in given else left
        if amount is None or amount <= 0:
            raise invalid(amount=["A valid integer is required."])
        if left == 0:
            raise invalid(detail="Transaction has already been refunded.")
        if amount > left:
            raise invalid(amount=["Refund amount is more than the amount that is left."])
        payments.give_back(payment, amount)
        return jsonify(detail="Transaction refund successful.")

    return routes


def body() -> dict[str, Any]:
    given = request.get_json(silent=True)
    if given is None and not request.data:
        return {}
    if not isinstance(given, dict):
        raise invalid(detail="JSON parse error")
    return given


def check(given: Mapping[str, Any]) -> None:
    wrong: dict[str, list[str]] = {}
    for name in (*URLS, *TEXTS, "amount"):
        if given.get(name) in (None, ""):
            wrong[name] = ["This field is required."] if name not in given else ["This field may not be blank."]
    for name in URLS:
        if name not in wrong and not is_url(given[name]):
            wrong[name] = ["Enter a valid URL."]
    if "amount" not in wrong:
        amount = whole(given["amount"])
        if amount is None:
            wrong["amount"] = ["A valid integer is required."]
        elif amount < MIN_PAISA:
            wrong["amount"] = ["Amount should be greater than Rs. 10, that is 1000 paisa."]
        elif "amount_breakdown" in given and total(given["amount_breakdown"]) != amount:
            wrong["amount_breakdown"] = ["The sum of the breakdown is not the amount."]
    if wrong:
        raise invalid(**wrong)


def whole(given: Any) -> int | None:
    """Digits in quotes are taken too, as the documentation's samples have them."""
    if isinstance(given, str) and given.isascii() and given.isdigit():
        return int(given[:18])
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def total(breakdown: Any) -> int | None:
    if not isinstance(breakdown, list) or not all(isinstance(part, dict) for part in breakdown):
        return None
    amounts = [whole(part.get("amount")) for part in breakdown]
    return None if None in amounts else sum(amount for amount in amounts if amount is not None)


def is_url(given: Any) -> bool:
    if not isinstance(given, str):
        return False
    try:
        parts = urlsplit(given)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def reach(world: World) -> dict[str, str]:
    return {"base": f"{world.url}/khalti/api/v2", "key": world.accounts.khalti_secret}


VENDOR = Vendor(
    name="khalti",
    title="Khalti",
    faults={"paid_by_bank": "the next payment is made from a bank account: a refund then needs a mobile number"},
    how_to_reach=reach,
    blueprint=blueprint,
    whom=from_anywhere,
)
