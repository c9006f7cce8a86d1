"""Which of our payments an event speaks of."""

from uuid import UUID

from sqlalchemy import select

from jobs import catalogue
from powerbank.db import open_session
from powerbank.payments.models import EventState, GatewayEvent, PaymentIntent
from powerbank.queue import enqueue


def find(gateway: str, reference: str | None, intent_id: str | None) -> UUID | None:
    session = open_session()
    if reference is not None:
        found: UUID | None = session.scalar(
            select(PaymentIntent.id).where(PaymentIntent.gateway == gateway, PaymentIntent.reference == reference)
        )
        if found is not None:
            return found
    try:
        named = UUID(intent_id) if intent_id else None
    except ValueError:
        named = None
    if named is None:
        return None
    return session.scalar(select(PaymentIntent.id).where(PaymentIntent.gateway == gateway, PaymentIntent.id == named))


def wake(intent: PaymentIntent) -> None:
    """Events that came before we knew the gateway's name for this payment."""
    waiting = open_session().scalars(
        select(GatewayEvent.id).where(
            GatewayEvent.gateway == intent.gateway,
            GatewayEvent.reference == intent.reference,
            GatewayEvent.state == EventState.WAITING,
        )
    )
    for event_id in waiting:
        enqueue(catalogue.PROCESS_PAYMENT_WEBHOOK, event_id=str(event_id))
