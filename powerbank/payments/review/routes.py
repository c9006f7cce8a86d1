"""Serve staff what people pay, what gateways send, and what needs a decision."""

from typing import Any
from uuid import UUID

from flask import Response

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent, idempotent_after
from powerbank.api.openapi import Blueprint
from powerbank.api.operations import AcceptedSchema, StartedSchema, answer_accepted
from powerbank.api.paging import PageArguments, page_of
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.integrations.gateway import Payment, Reversal
from powerbank.outbox import schedules
from powerbank.payments import queries
from powerbank.payments.models import GatewayEvent, IntentStatus, PaymentIntent
from powerbank.payments.review import services as reviews
from powerbank.payments.review.schemas import (
    EventArguments,
    EventCountSchema,
    EventFilterArguments,
    GatewayEventSchema,
    RawGatewayEventSchema,
    ReplaySchema,
    ResolveSchema,
    SettlementCheckSchema,
    SettlementFindingSchema,
    StaffIntentArguments,
    StaffIntentSchema,
    TakebackArguments,
    TakebackSchema,
)
from powerbank.payments.review.services import Decision
from powerbank.payments.topups import settlement
from powerbank.payments.webhooks import filters, replays
from powerbank.payments.webhooks import services as webhooks
from powerbank.payments.webhooks.filters import EventFilter

blueprint = Blueprint("Payments (staff)", __name__, url_prefix="/api/admin/payments", description="What people pay.")
INTENTS = page_of(StaffIntentSchema)


@blueprint.get("/intents")
@staff_only("payments.read")
@blueprint.arguments(StaffIntentArguments, location="query")
@blueprint.response(200, INTENTS)
def intents(arguments: dict[str, Any]) -> dict[str, Any]:
    """Top-ups, newest first"""
    return queries.intent_page(**arguments)


@blueprint.get("/intents/<uuid:intent_id>")
@staff_only("payments.read")
@blueprint.response(200, StaffIntentSchema)
def intent(intent_id: UUID) -> PaymentIntent:
    """A top-up, with what the gateway said last"""
    return queries.find_intent(intent_id)


@blueprint.post("/intents/<uuid:intent_id>/verify")
@staff_only("payments.resolve")
@blueprint.response(200, StaffIntentSchema)
def verify(intent_id: UUID) -> PaymentIntent:
    """Ask the gateway now"""
    queries.find_intent(intent_id)
    with reviews.translated_gateway_errors():
        payment = settlement.look_up_payment(intent_id)
    with transaction():
        reviews.settle_on_request(intent_id, payment, staff=current_staff(), now=utcnow())
    return queries.find_intent(intent_id)


@blueprint.get("/review")
@staff_only("payments.read")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, INTENTS)
def review(arguments: dict[str, Any]) -> dict[str, Any]:
    """Payments that came otherwise than they were asked for"""
    return queries.intent_page(status=IntentStatus.REVIEW, **arguments)


def _look_up_to_credit(body: dict[str, str], intent_id: UUID) -> dict[str, Any]:
    """Ask the gateway how a payment stands that is to be credited."""
    if body["decision"] != Decision.CREDIT:
        return {"payment": None, "reversals": []}
    with reviews.translated_gateway_errors():
        payment, reversals = reviews.look_up_payment(intent_id)
    return {"payment": payment, "reversals": reversals}


@blueprint.post("/review/<uuid:intent_id>/resolve")
@staff_only("payments.resolve")
@blueprint.arguments(ResolveSchema)
@idempotent_after(_look_up_to_credit, required=False)
@blueprint.response(200, StaffIntentSchema)
def resolve(body: dict[str, str], intent_id: UUID, payment: Payment | None, reversals: list[Reversal]) -> PaymentIntent:
    """Credit what the gateway says came, or dismiss it for good"""
    staff, reason = current_staff(), body["reason"]
    if body["decision"] == Decision.CREDIT:
        return reviews.credit_payment(intent_id, payment, reversals, staff=staff, reason=reason, now=utcnow())
    return reviews.dismiss_payment(intent_id, staff=staff, reason=reason, now=utcnow())


@blueprint.get("/webhooks")
@staff_only("payments.read")
@blueprint.arguments(EventArguments, location="query")
@blueprint.response(200, page_of(GatewayEventSchema))
def events(arguments: dict[str, Any]) -> dict[str, Any]:
    """What gateways sent, or somebody in their name, newest first"""
    return queries.event_page(**arguments)


@blueprint.get("/webhooks/<uuid:event_id>")
@staff_only("payments.resolve")
@blueprint.response(200, RawGatewayEventSchema)
def event(event_id: UUID) -> GatewayEvent:
    """One of them, as it came"""
    return queries.find_event(event_id)


@blueprint.post("/webhooks/<uuid:event_id>/replay")
@staff_only("payments.resolve")
@blueprint.response(202, GatewayEventSchema)
def replay(event_id: UUID) -> GatewayEvent:
    """Look into it once more"""
    with transaction():
        return webhooks.replay_event(event_id, actor=staff_actor(current_staff().id))


@blueprint.get("/webhook-replays/count")
@staff_only("payments.read")
@blueprint.arguments(EventFilterArguments, location="query")
@blueprint.response(200, EventCountSchema)
def count_events(arguments: dict[str, Any]) -> dict[str, int]:
    """How many match and may be looked into once more, before one asks for all of them"""
    return {"count": filters.count_to_replay(EventFilter(**arguments))}


@blueprint.post("/webhook-replays")
@staff_only("payments.resolve")
@idempotent
@blueprint.arguments(ReplaySchema)
@blueprint.response(202, AcceptedSchema)
def replay_many(body: dict[str, Any]) -> Response:
    """Look into all that match once more, so many a minute; what comes later is not meant"""
    wanted = {name: body.pop(name) for name in EventFilterArguments().fields}
    operation = replays.request_replays(**body, events=EventFilter(**wanted), staff_id=current_staff().id, now=utcnow())
    return answer_accepted(operation)


@blueprint.get("/takebacks")
@staff_only("payments.read")
@blueprint.arguments(TakebackArguments, location="query")
@blueprint.response(200, page_of(TakebackSchema))
def takebacks(arguments: dict[str, Any]) -> dict[str, Any]:
    """Disputes, and refunds made at the gateway, newest first"""
    return queries.chargeback_page(**arguments)


@blueprint.get("/settlements")
@staff_only("payments.read")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(SettlementCheckSchema))
def settlements(arguments: dict[str, Any]) -> dict[str, Any]:
    """The nightly comparisons with the gateways, newest first, and how far each has come"""
    return queries.settlement_check_page(**arguments)


@blueprint.post("/settlements")
@staff_only("payments.resolve")
@blueprint.response(202, StartedSchema)
def compare_now() -> dict[str, Any]:
    """Begin a comparison now; one that runs goes on"""
    return _start("settlement-comparison")


@blueprint.post("/exchange-rates")
@staff_only("payments.resolve")
@blueprint.response(202, StartedSchema)
def fetch_rates() -> dict[str, Any]:
    """Ask the central bank for its rates now"""
    return _start("exchange-rates")


def _start(task: str) -> dict[str, Any]:
    with transaction():
        return {"job_id": schedules.start_now(task, utcnow(), actor=staff_actor(current_staff().id))}


@blueprint.get("/settlements/<uuid:check_id>/findings")
@staff_only("payments.read")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(SettlementFindingSchema))
def settlement_findings(arguments: dict[str, Any], check_id: UUID) -> dict[str, Any]:
    """Payments that differ, also while the comparison goes on"""
    return queries.settlement_finding_page(check_id, **arguments)
