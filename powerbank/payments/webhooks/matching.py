"""The matching of events with the payments that they speak of."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import and_, or_, select

from powerbank.base.db import open_session
from powerbank.integrations.gateway import Gateway, NamedPayment
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue, enqueue_again
from powerbank.outbox.policy import JobSpec
from powerbank.payments.models import EventState, GatewayEvent, PaymentIntent

MOST_AT_ONCE = 1000

# The job that looks into an event, by the beginning of its type. For any other type the payment is looked up.
_ABOUT_REVERSALS = (
    ("charge.dispute.", payment_jobs.PROCESS_GATEWAY_DISPUTE),
    ("charge.refund", payment_jobs.PROCESS_GATEWAY_REFUND),
    ("refund.", payment_jobs.PROCESS_GATEWAY_REFUND),
)


def choose_job(event_type: str | None) -> JobSpec:
    for begin, spec in _ABOUT_REVERSALS:
        if event_type is not None and event_type.startswith(begin):
            return spec
    return payment_jobs.PROCESS_PAYMENT_WEBHOOK


def find_intent_id(gateway: str, named: NamedPayment) -> UUID | None:
    """Find the intent by the gateway's names of the payment and of its session, else by our own identifier."""
    session = open_session()
    of_gateway = select(PaymentIntent.id).where(PaymentIntent.gateway == gateway)
    for column, name in ((PaymentIntent.payment_id, named.payment_id), (PaymentIntent.reference, named.reference)):
        if name is not None:
            found: UUID | None = session.scalar(of_gateway.where(column == name))
            if found is not None:
                return found
    try:
        intent_id = UUID(named.intent_id) if named.intent_id else None
    except ValueError:
        intent_id = None
    return None if intent_id is None else session.scalar(of_gateway.where(PaymentIntent.id == intent_id))


def find_redirected_intent_id(gateway: Gateway, query: Mapping[str, str]) -> UUID | None:
    """Find the intent that a browser speaks of which the gateway has sent back to us."""
    storable = {name: value for name, value in query.items() if "\x00" not in value}
    return find_intent_id(gateway.name, gateway.named_in_redirect(storable))


def wake_events_of_intent(intent: PaymentIntent) -> None:
    """Enqueue the jobs of events that came before we knew the gateway's names for this payment and its session."""
    names = [name for name in (intent.reference, intent.payment_id) if name]
    waiting = open_session().execute(
        select(GatewayEvent.id, GatewayEvent.type).where(
            GatewayEvent.gateway == intent.gateway,
            GatewayEvent.reference.in_(names),
            GatewayEvent.state == EventState.WAITING,
        )
    )
    for event_id, type_ in waiting:
        enqueue(choose_job(type_), event_id=str(event_id))


def wake_events_of_known_intents() -> None:
    """Enqueue the jobs of events that wait although their payment is known.

    They came at the very moment in which it became known, so nobody else wakes them.
    """
    about = and_(
        PaymentIntent.gateway == GatewayEvent.gateway,
        or_(PaymentIntent.reference == GatewayEvent.reference, PaymentIntent.payment_id == GatewayEvent.reference),
    )
    known = (
        select(GatewayEvent.id, GatewayEvent.type)
        .where(GatewayEvent.state == EventState.WAITING, select(PaymentIntent.id).where(about).exists())
        .order_by(GatewayEvent.id)
        .limit(MOST_AT_ONCE)
    )
    for event_id, type_ in open_session().execute(known):
        enqueue_again(choose_job(type_), event_id=str(event_id))
