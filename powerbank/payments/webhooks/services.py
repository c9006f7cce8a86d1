"""What gateways send: kept raw, answered at once, looked into by a job."""

import json
from dataclasses import dataclass
from urllib.parse import parse_qsl
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import db, new_id, open_session, utcnow
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.integrations.gateway import ForgedError, Named, can_be_kept
from powerbank.integrations.stripe import webhooks as stripe_webhooks
from powerbank.integrations.stripe.client import Stripe
from powerbank.integrations.stripe.webhooks import Event
from powerbank.outbox.enqueue import enqueue
from powerbank.payments import gateways
from powerbank.payments.models import EventState, GatewayEvent
from powerbank.payments.webhooks import matching

MOST_BYTES = 256 * 1024  # of what is signed
MOST_OF_A_HINT = 8 * 1024
KEPT_OF_A_FORGED_ONE = 1024


@dataclass(frozen=True)
class Webhook:
    """What came, and whether the gateway itself has signed it. What only Stripe signs can be no more than a hint
    from the others; `genuine` is what need not be refused."""

    gateway: str
    body: bytes
    query: str
    signature: str
    event: Event | None
    genuine: bool

    @property
    def kilobytes(self) -> int:
        """That keeping it costs, with its row."""
        return 1 + (len(self.body) + len(self.query) + len(self.signature)) // 1024


def read_webhook(*, gateway: str, body: bytes, query: str, signature: str | None) -> Webhook:
    """Tells what is signed from what is not, and cuts what nobody has signed short."""
    found, query, told = gateways.get_gateway(gateway), query[:2000], (signature or "")[:500]
    if not isinstance(found, Stripe):
        return Webhook(gateway, body, query, told, None, genuine=True)
    try:
        return Webhook(gateway, body, query, told, found.verify(body, signature), genuine=True)
    except ForgedError:
        return Webhook(gateway, body[:KEPT_OF_A_FORGED_ONE], query, told, None, genuine=False)


def store_webhook(arrival: Webhook, *, address: str | None) -> UUID | None:
    """Keeps it, whatever it is, and has it looked into. Nothing if it was here before."""
    event = arrival.event
    row = {
        "id": new_id(),
        "gateway": arrival.gateway,
        "body": arrival.body,
        "query": arrival.query,
        "signature": arrival.signature,
        "address": address,
        "event_id": event.id if event else None,
        "type": event.type if event else None,
        "state": EventState.RECEIVED if arrival.genuine else EventState.FORGED,
    }
    statement = insert(GatewayEvent).values(row).on_conflict_do_nothing(index_elements=["gateway", "event_id"])
    event_id = open_session().scalar(statement.returning(GatewayEvent.id))
    if arrival.genuine and event_id is not None:
        enqueue(matching.choose_job(event.type if event else None), event_id=str(event_id))
    return event_id


def lock_event(event_id: UUID) -> GatewayEvent | None:
    return open_session().scalar(select(GatewayEvent).where(GatewayEvent.id == event_id).with_for_update())


def match_event(event_id: UUID) -> UUID | None:
    """The intent that an event is about; an event about none waits for one to come."""
    event = lock_event(event_id)
    if event is None or event.state in (EventState.PROCESSED, EventState.IGNORED, EventState.FORGED):
        return None
    named = _named_in(event)
    name = named.reference or named.payment_id
    event.reference = name[:500] if name else None
    event.intent_id = matching.find_intent_id(event.gateway, named.reference, named.intent_id, named.payment_id)
    event.state = EventState.RECEIVED
    if event.intent_id is None:
        nothing = name is None and named.intent_id is None
        event.state = EventState.IGNORED if nothing else EventState.WAITING
        event.detail = "names no payment" if nothing else "names a payment that is not known"
    return event.intent_id


def replay_event(event_id: UUID) -> GatewayEvent:
    """Has it looked into once more, as if it had just come."""
    event = lock_event(event_id)
    if event is None:
        raise NotFoundError("webhook")
    if event.state == EventState.FORGED:
        raise ConflictError("forged", "Nobody knows who sent this; nothing is done about it.")
    event.state, event.processed_at = EventState.RECEIVED, None
    enqueue(matching.choose_job(event.type), event_id=str(event.id))
    return event


def find_dispute_id(event_id: UUID) -> str | None:
    event = db.session.get_one(GatewayEvent, event_id)
    if event.event_id is None:  # nobody has signed it
        return None
    return stripe_webhooks.read(event.body).dispute_id


def mark_event_processed(event_id: UUID, detail: str) -> None:
    event = lock_event(event_id)
    if event is not None:
        event.state, event.detail, event.processed_at = EventState.PROCESSED, detail, utcnow()


def _named_in(event: GatewayEvent) -> Named:
    gateway = gateways.get_gateway(event.gateway)
    if isinstance(gateway, Stripe):
        read = stripe_webhooks.read(event.body)
        return Named(read.reference, read.intent_id, read.payment_id)
    fields = dict(parse_qsl(event.query))
    return gateway.named_in(fields | _body_fields(event.body))


def _body_fields(body: bytes) -> dict[str, str]:
    """JSON or a form, with text in it; anything else says nothing."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = dict(parse_qsl(body.decode("utf-8", errors="replace")[:MOST_BYTES]))
    if not isinstance(found, dict):
        return {}
    return {str(name): value for name, value in found.items() if isinstance(value, str) and can_be_kept(value)}
