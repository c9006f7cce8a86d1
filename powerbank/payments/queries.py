"""Read payments, for people and staff."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from powerbank.api.paging import page
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.ledger import queries as ledger_queries
from powerbank.outbox.enqueue import Scalar
from powerbank.payments.chargebacks.models import Chargeback
from powerbank.payments.gateways import LIMITS
from powerbank.payments.models import GatewayEvent, IntentStatus, PaymentIntent
from powerbank.payments.refunds.models import Refund
from powerbank.payments.review.models import Outcome, SettlementCheck, SettlementComparison
from powerbank.payments.webhooks.filters import EventFilter


def refund_page(
    *,
    limit: int,
    cursor: str | None,
    status: str | None = None,
    user_id: UUID | None = None,
    intent_id: UUID | None = None,
) -> dict[str, Any]:
    query = select(Refund)
    for column, value in ((Refund.status, status), (Refund.user_id, user_id), (Refund.intent_id, intent_id)):
        if value is not None:
            query = query.where(column == value)
    return page(query, Refund.id, limit=limit, cursor=cursor, descending=True)


def find_refund(refund_id: UUID) -> Refund:
    found = db.session.get(Refund, refund_id)
    if found is None:
        raise NotFoundError("refund")
    return found


def refund_of_user(refund_id: UUID, user_id: UUID) -> Refund:
    found = find_refund(refund_id)
    if found.user_id != user_id:
        raise NotFoundError("refund")
    return found


def intent_page(
    *,
    limit: int,
    cursor: str | None,
    gateway: str | None = None,
    status: str | None = None,
    user_id: UUID | None = None,
    reference: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, Any]:
    query = ledger_queries.bound_by_time(select(PaymentIntent), PaymentIntent, since, until)
    equal = ((PaymentIntent.gateway, gateway), (PaymentIntent.status, status), (PaymentIntent.user_id, user_id))
    for column, value in equal:
        if value is not None:
            query = query.where(column == value)
    if reference is not None:
        # The indexes that find a name begin with the gateway.
        query = query.where(
            PaymentIntent.gateway.in_([*LIMITS]),
            or_(PaymentIntent.reference == reference, PaymentIntent.payment_id == reference),
        )
    return page(query, PaymentIntent.id, limit=limit, cursor=cursor, descending=True)


def find_intent(intent_id: UUID) -> PaymentIntent:
    found = db.session.get(PaymentIntent, intent_id)
    if found is None:
        raise NotFoundError("payment")
    return found


def event_page(*, limit: int, cursor: str | None, **wanted: Any) -> dict[str, Any]:
    """Return one page of webhooks, newest first. `wanted` are the fields of an `EventFilter`."""
    query = EventFilter(**wanted).select_events()
    return page(query, GatewayEvent.id, limit=limit, cursor=cursor, descending=True)


def find_event(event_id: UUID) -> GatewayEvent:
    found = db.session.get(GatewayEvent, event_id)
    if found is None:
        raise NotFoundError("webhook")
    return found


def chargeback_page(
    *,
    limit: int,
    cursor: str | None,
    gateway: str | None = None,
    state: str | None = None,
    intent_id: UUID | None = None,
) -> dict[str, Any]:
    query = select(Chargeback)
    equal = ((Chargeback.gateway, gateway), (Chargeback.state, state), (Chargeback.intent_id, intent_id))
    for column, value in equal:
        if value is not None:
            query = query.where(column == value)
    return page(query, Chargeback.id, limit=limit, cursor=cursor, descending=True)


def settlement_check_page(*, limit: int, cursor: str | None) -> dict[str, Any]:
    return page(
        select(SettlementCheck),
        SettlementCheck.started_at,
        SettlementCheck.id,
        limit=limit,
        cursor=cursor,
        descending=True,
    )


def settlement_finding_page(check_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    if db.session.get(SettlementCheck, check_id) is None:
        raise NotFoundError("comparison")
    differing = select(SettlementComparison).where(
        SettlementComparison.check_id == check_id, SettlementComparison.outcome == Outcome.DIFFERS
    )
    return page(differing, SettlementComparison.intent_id, limit=limit, cursor=cursor)


def find_amount_if_payable(user_id: UUID, event: Mapping[str, Scalar]) -> Mapping[str, Scalar] | None:
    """Find the amount of a payment that is to be announced: None if its person has paid or cancelled meanwhile."""
    intent = open_session().get(PaymentIntent, UUID(str(event["intent_id"])))
    return {"amount": intent.amount} if intent is not None and intent.status == IntentStatus.READY else None


def find_balance(user_id: UUID, event: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    """Find what is in the wallet when the person is told, since a due may have been paid from it meanwhile."""
    return {"balance": ledger_queries.wallet_of_user(user_id).balance}
