"""What arrives over HTTP from gateways and from browsers on their way back."""

from uuid import UUID

import structlog
from flask import request

from powerbank.api.rate_limits import caller_address, spend_or_refuse
from powerbank.base.db import transaction
from powerbank.base.errors import AppError
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.gateway import Gateway
from powerbank.payments.models import IntentStatus
from powerbank.payments.topups import settlement
from powerbank.payments.webhooks import matching
from powerbank.payments.webhooks import services as webhooks

log = structlog.get_logger(__name__)


# What strangers may have us keep, in kilobytes: of one address, and of all of them together. A gateway that does not
# sign has a few addresses; what is refused here, the browser's return and the poller find all the same.
OF_AN_ADDRESS, OF_ALL = "16384 per hour", "131072 per day"


def receive(gateway: str) -> None:
    body = request.get_data()
    if len(body) > webhooks.MOST_BYTES:
        raise AppError("too_large", 413, "This is more than any event has.")
    arrival = webhooks.read_webhook(
        gateway=gateway,
        body=body,
        query=request.query_string.decode("ascii", errors="replace"),
        signature=request.headers.get("Stripe-Signature"),
    )
    if arrival.genuine and arrival.event is None and len(body) > webhooks.MOST_OF_A_HINT:
        raise AppError("too_large", 413, "This is more than any hint has.")
    if arrival.event is not None or _may_be_kept(arrival):
        with transaction():
            webhooks.store_webhook(arrival, address=request.remote_addr)
    if not arrival.genuine:
        raise AppError("bad_signature", 400, "The signature does not belong to this body, or is old.")


def _may_be_kept(arrival: webhooks.Webhook) -> bool:
    """Of strangers' bytes there is a budget, and nothing is kept while nobody can count them. What is forged is refused
    for being forged in any case."""
    try:
        spend_or_refuse(
            arrival.kilobytes, (OF_AN_ADDRESS, "webhook-bytes", caller_address()), (OF_ALL, "webhook-bytes-of-all")
        )
    except AppError as refused:
        if arrival.genuine:
            raise
        log.warning("a forged webhook is not kept", gateway=arrival.gateway, why=refused.code)
        return False
    return True


def settle_named(gateway: Gateway, query: dict[str, str]) -> tuple[UUID | None, IntentStatus | None]:
    """The payment that a browser speaks of, as the gateway itself says it is. The poller goes on where the
    gateway does not answer."""
    named = gateway.named_in({name: value for name, value in query.items() if "\x00" not in value})
    with transaction():
        intent_id = matching.find_intent_id(gateway.name, named.reference, named.intent_id)
    if intent_id is None:
        return None, None
    try:
        return intent_id, settlement.settle(intent_id, actor="return")
    except (VendorError, VendorRefusedError) as away:
        log.warning("gateway away while a payer came back", gateway=gateway.name, error=str(away))
        return intent_id, IntentStatus.PROCESSING
