"""People: putting money into the wallet."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.query_parameters import takes_foreign_parameters
from powerbank.api.rate_limits import hit_if_counted
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import UnavailableError
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.gateway import UnknownPaymentError
from powerbank.payments import gateways
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.topups import exchange_rates as exchange
from powerbank.payments.topups import services as intents
from powerbank.payments.topups import settlement
from powerbank.payments.topups.schemas import IntentSchema, MethodsSchema, RatesSchema, ReceivedSchema, TopupSchema
from powerbank.payments.webhooks import http_arrivals as arrivals

blueprint = Blueprint("Payments", __name__, url_prefix="/api", description="Khalti, eSewa and Stripe.")


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
        settlement.settle(intent_id, actor="verify")
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
    gateways.get_gateway_or_404(gateway)
    arrivals.receive(gateway)
    return {"received": True}


@blueprint.get("/payment/return/<string:gateway>")
@blueprint.doc(responses={"303": {"description": "To the app, or to a page that says how it went."}})
@takes_foreign_parameters
def came_back(gateway: str) -> Response:
    """The browser's way back: settles, then goes on to the app"""
    intent_id, status = arrivals.settle_named(gateways.get_gateway_or_404(gateway), request.args.to_dict())
    about = {"intent_id": str(intent_id), "status": status.value} if intent_id and status else {"status": "unknown"}
    app_url = current_app.config["SETTINGS"].app_url
    to = f"{app_url.rstrip('/')}/payment" if app_url else url_for("payment_pages.result")
    return redirect(f"{to}?{urlencode(about)}", 303)
