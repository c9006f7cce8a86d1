"""People: putting money into the wallet."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from flask import current_app, redirect, request
from werkzeug.wrappers import Response

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.rate_limits import caller_address, hit_if_counted, spend_or_refuse
from powerbank.api.requests.query_parameters import takes_foreign_parameters
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError, UnavailableError
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.gateway import UnknownPaymentError
from powerbank.payments import gateways
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.topups import exchange_rates as exchange
from powerbank.payments.topups import services as intents
from powerbank.payments.topups import settlement
from powerbank.payments.topups.schemas import IntentSchema, MethodsSchema, RatesSchema, ReceivedSchema, TopupSchema
from powerbank.payments.webhooks import matching
from powerbank.payments.webhooks import services as webhooks

blueprint = Blueprint("Payments", __name__, url_prefix="/api", description="Khalti, eSewa and Stripe.")

log = structlog.get_logger(__name__)

# The kilobytes of unsigned webhooks that strangers may have us store: from one address, and from all of them together.
# A gateway that does not sign has a few addresses. What is refused here, the browser's way back and the poller find all
# the same.
UNSIGNED_PER_ADDRESS, UNSIGNED_IN_ALL = "16384 per hour", "131072 per day"


@blueprint.get("/payment/methods")
@blueprint.response(200, MethodsSchema)
def methods() -> dict[str, Any]:
    """Ways to pay, with limits and currencies"""
    return {"items": gateways.describe_gateways()}


@blueprint.get("/payment/exchange-rates")
@blueprint.response(200, RatesSchema)
def exchange_rates() -> dict[str, Any]:
    """The central bank's last rates, in rupees for one unit"""
    return {"items": exchange.newest_rates()}


@blueprint.post("/wallet/topup-intent")
@user_only
@idempotent
@blueprint.arguments(TopupSchema)
@blueprint.response(202, IntentSchema)
def topup(body: dict[str, Any]) -> PaymentIntent:
    """Begin a top-up; poll the intent for where to pay"""
    hit_if_counted("60 per hour", "topup", str(current_user_id()))
    return intents.begin_topup(
        user_id=current_user_id(),
        gateway=body["gateway"],
        charged=body["amount"],
        currency=body["currency"],
        now=utcnow(),
    )


@blueprint.get("/payment/intents/<uuid:intent_id>")
@user_only
@blueprint.response(200, IntentSchema)
def intent(intent_id: UUID) -> PaymentIntent:
    """How a top-up stands"""
    return intents.intent_of_user(intent_id, current_user_id())


@blueprint.post("/payment/intents/<uuid:intent_id>/cancel")
@user_only
@blueprint.response(200, IntentSchema)
def cancel(intent_id: UUID) -> PaymentIntent:
    """Give a top-up up; money that comes all the same is credited"""
    with transaction():
        return intents.cancel_topup(intent_id, current_user_id())


@blueprint.post("/payment/intents/<uuid:intent_id>/verify")
@user_only
@blueprint.response(200, IntentSchema)
def verify(intent_id: UUID) -> PaymentIntent:
    """Ask the gateway now"""
    user_id = current_user_id()
    found = intents.intent_of_user(intent_id, user_id)
    if found.status == IntentStatus.SUCCESS:  # all others may still be paid, also those that are over for us
        return found
    hit_if_counted("20 per minute", "verify", str(user_id))
    try:
        _settle(intent_id, actor="verify")
    except UnknownPaymentError:
        return intents.intent_of_user(intent_id, user_id)
    except (VendorError, VendorRefusedError):
        raise UnavailableError("gateway_away", "The gateway does not answer; we go on asking it.") from None
    return intents.intent_of_user(intent_id, user_id)


@blueprint.post("/payment/webhook/<string:gateway>")
@blueprint.response(202, ReceivedSchema)
@takes_foreign_parameters
def webhook(gateway: str) -> dict[str, bool]:
    """For gateways: kept as it came, looked into at once afterwards"""
    sender = gateways.get_gateway_or_404(gateway)
    received = webhooks.read_webhook(
        sender,
        body=request.get_data(),
        query=request.query_string.decode("ascii", errors="replace"),
        signature=request.headers.get(sender.signature_header) if sender.signature_header else None,
    )
    if received.event is not None or _may_be_stored(received):
        with transaction():
            webhooks.store_webhook(received, address=request.remote_addr)
    if received.is_forged:
        raise AppError("bad_signature", 400, "The signature does not belong to this body, or is old.")
    return {"received": True}


@blueprint.get("/payment/return/<string:gateway>")
@blueprint.doc(responses={"303": {"description": "To the app, with `intent_id` and `status`."}})
@takes_foreign_parameters
def came_back(gateway: str) -> Response:
    """The browser's way back: settles, then goes on to the app"""
    sender = gateways.get_gateway_or_404(gateway)
    with transaction():
        intent_id = matching.find_redirected_intent_id(sender, request.args.to_dict())
    about = {"status": "unknown"}
    if intent_id is not None:
        about = {"intent_id": str(intent_id), "status": _settle_redirected(intent_id, gateway).value}
    app_url = current_app.config["SETTINGS"].app_url or "/app"
    return redirect(f"{app_url.rstrip('/')}/payment?{urlencode(about)}", 303)


def _settle(intent_id: UUID, *, actor: str) -> IntentStatus:
    payment = settlement.look_up_payment(intent_id)
    with transaction():
        return settlement.apply_payment(intent_id, payment, actor=actor, now=utcnow())


def _settle_redirected(intent_id: UUID, gateway: str) -> IntentStatus:
    """Settle while the payer waits. Where the gateway does not answer, the poller goes on asking it."""
    try:
        return _settle(intent_id, actor="return")
    except (VendorError, VendorRefusedError) as away:
        log.warning("gateway away while a payer came back", gateway=gateway, error=str(away))
        return IntentStatus.PROCESSING


def _may_be_stored(received: webhooks.Webhook) -> bool:
    """Spend the budget for unsigned webhooks. Nothing of them is stored while nobody can count.

    A forged one is refused for being forged in any case.
    """
    of_address = (UNSIGNED_PER_ADDRESS, "webhook-bytes", caller_address())
    try:
        spend_or_refuse(received.kilobytes, of_address, (UNSIGNED_IN_ALL, "webhook-bytes-of-all"))
    except AppError as refused:
        if not received.is_forged:
            raise
        log.warning("a forged webhook is not stored", gateway=received.gateway, why=refused.code)
        return False
    return True
