"""Stripe's webhooks: genuine and recent, or a ForgedError."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import stripe

from powerbank.base.clock import utcnow
from powerbank.integrations.gateway import ForgedError, can_be_kept

WINDOW_SECONDS = 300


@dataclass(frozen=True)
class Event:
    """What happened, and to what. The rest is asked for: events come late, twice and in any order."""

    id: str
    type: str
    created: int
    reference: str | None = None  # the Checkout session
    intent_id: str | None = None
    payment_id: str | None = None  # the PaymentIntent
    refund_id: str | None = None
    dispute_id: str | None = None


def verify(body: bytes, signature: str | None, secret: str) -> Event:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret)
        # The package would compare with this host's clock, and takes any time that is not past; a signature kept for
        # later use would be one of those.
        if abs(utcnow().timestamp() - signed_at(signature or "")) > WINDOW_SECONDS:
            raise ForgedError("Stripe: the signature is old, or of the future")
    except stripe.SignatureVerificationError:
        raise ForgedError("Stripe: the signature is wrong or old") from None
    except (TypeError, ValueError, OverflowError):
        raise ForgedError("Stripe: not what it sends") from None
    return read(body)


def signed_at(signature: str) -> int:
    """The time that the package has checked: the first one."""
    pairs = (part.partition("=") for part in signature.split(","))
    return next(int(value) for name, _, value in pairs if name == "t")


def read(body: bytes) -> Event:
    """An event that was verified when it came in."""
    try:
        event = json.loads(body)
        about = event["data"]["object"]
        kind, id_, type_, created = about["object"], event["id"], event["type"], event["created"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ForgedError("Stripe: not what it sends") from None
    if event.get("object") != "event" or not isinstance(about, dict) or not isinstance(created, int):
        raise ForgedError("Stripe: not what it sends")
    if not (_is_text(id_) and _is_text(type_)):
        raise ForgedError("Stripe: not what it sends")
    own = _text(about, "id")
    return Event(
        id=id_,
        type=type_,
        created=created,
        reference=own if kind == "checkout.session" else None,
        intent_id=_intent_of(about),
        payment_id=own if kind == "payment_intent" else _text(about, "payment_intent"),
        refund_id=own if kind == "refund" else None,
        dispute_id=own if kind == "dispute" else None,
    )


def _intent_of(about: Mapping[str, Any]) -> str | None:
    metadata = about.get("metadata")
    in_metadata = _text(metadata, "intent_id") if isinstance(metadata, dict) else None
    return _text(about, "client_reference_id") or in_metadata


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    if isinstance(value, str) and value and not can_be_kept(value):
        raise ForgedError("Stripe: not what it sends")
    return value if isinstance(value, str) and value else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value) and can_be_kept(value)
