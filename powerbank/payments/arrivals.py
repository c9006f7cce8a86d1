"""What arrives over HTTP from gateways and from browsers on their way back."""

from uuid import UUID

import structlog
from flask import request

from powerbank.db import transaction
from powerbank.errors import AppError
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.gateway import Gateway
from powerbank.payments import matching, settlement, webhooks
from powerbank.payments.models import IntentStatus

log = structlog.get_logger(__name__)


def receive(gateway: str) -> None:
    body = request.get_data()
    if len(body) > webhooks.MOST_BYTES:
        raise AppError("too_large", 413, "This is more than any event has.")
    with transaction():
        received = webhooks.receive(
            gateway=gateway, body=body, query=request.query_string.decode("ascii", errors="replace"),
            signature=request.headers.get("Stripe-Signature"), address=request.remote_addr,
        )  # fmt: skip
    if not received.genuine:
        raise AppError("bad_signature", 400, "The signature does not belong to this body, or is old.")


def settle_named(gateway: Gateway, query: dict[str, str]) -> tuple[UUID | None, IntentStatus | None]:
    """The payment that a browser speaks of, as the gateway itself says it is. The poller goes on where the
    gateway does not answer."""
    named = gateway.named_in({name: value for name, value in query.items() if "\x00" not in value})
    with transaction():
        intent_id = matching.find(gateway.name, named.reference, named.intent_id)
    if intent_id is None:
        return None, None
    try:
        return intent_id, settlement.settle(intent_id, actor="return")
    except (VendorError, VendorRefusedError) as away:
        log.warning("gateway away while a payer came back", gateway=gateway.name, error=str(away))
        return intent_id, IntentStatus.PROCESSING
