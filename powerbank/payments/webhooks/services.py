"""Webhooks: what gateways send, or somebody in their name. They are stored raw and answered at once, and a job looks
into each of them later.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base import audit
from powerbank.base.db import db, new_id, open_session, utcnow
from powerbank.base.errors import AppError, ConflictError, NotFoundError
from powerbank.integrations.gateway import ForgedError, Gateway, NamedPayment, SignedEvent
from powerbank.outbox.enqueue import enqueue
from powerbank.payments import gateways
from powerbank.payments.models import EventState, GatewayEvent
from powerbank.payments.webhooks import matching

MOST_BYTES = 256 * 1024  # of a signed webhook
MOST_BYTES_UNSIGNED = 8 * 1024
STORED_BYTES_OF_FORGED = 1024


@dataclass(frozen=True)
class Webhook:
    """What came, and the event in it if the gateway signed it.

    Of a gateway that signs, whatever has no valid signature is forged. Of the others a webhook is no more than a hint.
    """

    gateway: str
    body: bytes
    query: str
    signature: str
    event: SignedEvent | None
    is_forged: bool = False

    @property
    def kilobytes(self) -> int:
        """What it costs to store, with its row."""
        return 1 + (len(self.body) + len(self.query) + len(self.signature)) // 1024


def read_webhook(gateway: Gateway, *, body: bytes, query: str, signature: str | None) -> Webhook:
    """Tell a signed webhook from others, refuse what is too large, and cut short what is forged."""
    if len(body) > MOST_BYTES:
        raise AppError("too_large", 413, "This is more than any event has.")
    query, stored_signature = query[:2000], (signature or "")[:500]
    try:
        event = gateway.verify_webhook(body, signature)
    except ForgedError:
        return Webhook(gateway.name, body[:STORED_BYTES_OF_FORGED], query, stored_signature, None, is_forged=True)
    if event is None and len(body) > MOST_BYTES_UNSIGNED:
        raise AppError("too_large", 413, "This is more than any hint has.")
    return Webhook(gateway.name, body, query, stored_signature, event)


def store_webhook(webhook: Webhook, *, address: str | None) -> UUID | None:
    """Store a webhook, whatever it is, and enqueue the job that looks into it. A repeat of an event is not stored."""
    event = webhook.event
    row = {
        "id": new_id(),
        "gateway": webhook.gateway,
        "body": webhook.body,
        "query": webhook.query,
        "signature": webhook.signature,
        "address": address,
        "event_id": event.id if event else None,
        "type": event.type if event else None,
        "state": EventState.FORGED if webhook.is_forged else EventState.RECEIVED,
    }
    statement = insert(GatewayEvent).values(row).on_conflict_do_nothing(index_elements=["gateway", "event_id"])
    event_id = open_session().scalar(statement.returning(GatewayEvent.id))
    if event_id is not None and not webhook.is_forged:
        enqueue(matching.choose_job(event.type if event else None), event_id=str(event_id))
    return event_id


def lock_event(event_id: UUID) -> GatewayEvent | None:
    return open_session().scalar(select(GatewayEvent).where(GatewayEvent.id == event_id).with_for_update())


def match_event(event_id: UUID) -> UUID | None:
    """Find the intent that an event is about. An event about an unknown payment waits for that payment to come."""
    event = lock_event(event_id)
    if event is None or event.state in (EventState.PROCESSED, EventState.IGNORED, EventState.FORGED):
        return None
    named = _named_in_event(event)
    name = named.reference or named.payment_id
    event.reference = name[:500] if name else None
    event.intent_id = matching.find_intent_id(event.gateway, named)
    event.state = EventState.RECEIVED
    if event.intent_id is None:
        nothing = name is None and named.intent_id is None
        event.state = EventState.IGNORED if nothing else EventState.WAITING
        event.detail = "names no payment" if nothing else "names a payment that is not known"
    return event.intent_id


def replay_event(event_id: UUID, *, actor: str) -> GatewayEvent:
    """Look into an event once more because a member of staff wants it."""
    event = look_again(event_id)
    audit.record(actor=actor, action="webhook.replay", object_kind="gateway_event", object_id=event_id)
    return event


def look_again(event_id: UUID, *, at: datetime | None = None) -> GatewayEvent:
    """Enqueue the job that looks into an event, now or at a later time, as if the event had just come."""
    event = lock_event(event_id)
    if event is None:
        raise NotFoundError("webhook")
    if event.state == EventState.FORGED:
        raise ConflictError("forged", "Nobody knows who sent this; nothing is done about it.")
    event.state, event.processed_at = EventState.RECEIVED, None
    enqueue(matching.choose_job(event.type), at=at, event_id=str(event.id))
    return event


def find_dispute_id(event_id: UUID) -> str | None:
    event = db.session.get_one(GatewayEvent, event_id)
    if event.event_id is None:  # nobody has signed it
        return None
    return _named_in_event(event).dispute_id


def mark_event_processed(event_id: UUID, detail: str) -> None:
    event = lock_event(event_id)
    if event is not None:
        event.state, event.detail, event.processed_at = EventState.PROCESSED, detail, utcnow()


def _named_in_event(event: GatewayEvent) -> NamedPayment:
    return gateways.get_gateway(event.gateway).named_in_webhook(body=event.body, query=event.query)
