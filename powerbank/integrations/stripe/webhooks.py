"""Stripe's webhooks: each is genuine and recent, or a ForgedError."""

import json
from collections.abc import Mapping
from typing import Any

import stripe

from powerbank.base.clock import utcnow
from powerbank.integrations.gateway import ForgedError, NamedPayment, SignedEvent, is_storable_text

WINDOW_SECONDS = 300


def verify_event(body: bytes, signature: str | None, secret: str) -> SignedEvent:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret)
        # The package would compare with this host's clock, and takes any time of the future. A signature that is kept
        # for later use has such a time.
        if abs(utcnow().timestamp() - time_of_signature(signature or "")) > WINDOW_SECONDS:
            raise ForgedError("Stripe: the signature is old, or of the future")
    except stripe.SignatureVerificationError:
        raise ForgedError("Stripe: the signature is wrong or old") from None
    except (TypeError, ValueError, OverflowError):
        raise ForgedError("Stripe: not what it sends") from None
    return read_event(body)


def time_of_signature(signature: str) -> int:
    """Read the first time of a signature, which is the one that the package has checked."""
    pairs = (part.partition("=") for part in signature.split(","))
    return next(int(value) for name, _, value in pairs if name == "t")


def read_event(body: bytes) -> SignedEvent:
    """Read an event that was verified when it came in."""
    try:
        event = json.loads(body)
        about = event["data"]["object"]
        kind, id_, type_ = about["object"], event["id"], event["type"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ForgedError("Stripe: not what it sends") from None
    if event.get("object") != "event" or not isinstance(about, dict) or not isinstance(event.get("created"), int):
        raise ForgedError("Stripe: not what it sends")
    if not (_is_text(id_) and _is_text(type_)):
        raise ForgedError("Stripe: not what it sends")
    own = _read_text(about, "id")
    named = NamedPayment(
        reference=own if kind == "checkout.session" else None,
        intent_id=_read_intent_id(about),
        payment_id=own if kind == "payment_intent" else _read_text(about, "payment_intent"),
        dispute_id=own if kind == "dispute" else None,
    )
    return SignedEvent(id_, type_, named)


def _read_intent_id(about: Mapping[str, Any]) -> str | None:
    metadata = about.get("metadata")
    in_metadata = _read_text(metadata, "intent_id") if isinstance(metadata, dict) else None
    return _read_text(about, "client_reference_id") or in_metadata


def _read_text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if isinstance(value, str) and value and not is_storable_text(value):
        raise ForgedError("Stripe: not what it sends")
    return value if isinstance(value, str) and value else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value) and is_storable_text(value)
