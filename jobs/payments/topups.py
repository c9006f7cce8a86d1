"""The jobs of top-ups: opening a payment at its gateway, asking how it stands, webhooks, and exchange rates."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from flask import current_app

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.errors import VendorError
from powerbank.integrations.gateway import Form, OpenedPayment
from powerbank.integrations.nrb.client import Nrb
from powerbank.outbox.enqueue import publish
from powerbank.payments import gateways
from powerbank.payments.events import ExchangeRatesStale
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.topups import exchange_rates, settlement
from powerbank.payments.topups import services as intents
from powerbank.payments.webhooks import matching, replays
from powerbank.payments.webhooks import services as webhooks

log = structlog.get_logger(__name__)


def create_payment_url(run: StepwiseRun, *, intent_id: str) -> None:
    intent = db.session.get(PaymentIntent, UUID(intent_id))
    if intent is None or intent.status != IntentStatus.PENDING:
        return
    order = intents.make_payment_request(intent, current_app.config["SETTINGS"].public_url)
    gateway = gateways.get_gateway(intent.gateway)
    db.session.rollback()
    found = run.call("open", lambda key: _to_note(gateway.open_payment(order, key=key)))
    with run.finish():
        intents.record_session(UUID(intent_id), _from_note(found), now=utcnow())


def give_up_payment_url(*, intent_id: str) -> None:
    intents.fail_unopened_topup(UUID(intent_id))


def expire_payment_intent(run: StepwiseRun, *, intent_id: str) -> None:
    """Expire an intent. The gateway is asked once more first, since the payer may have been in time."""
    if db.session.get(PaymentIntent, UUID(intent_id)) is None:
        return
    payment = settlement.look_up_payment_if_known(UUID(intent_id))
    with run.finish():
        settlement.apply_payment(UUID(intent_id), payment, actor="expiry", now=utcnow())
        intents.expire_topup(UUID(intent_id), now=utcnow())


def close_payment_intent(*, intent_id: str) -> None:
    """Expire an intent whose gateway could not be asked. Its time is over, and the poller goes on asking."""
    intents.expire_topup(UUID(intent_id), now=utcnow())


def poll_pending_payment(run: StepwiseRun, *, intent_id: str) -> None:
    intent = db.session.get(PaymentIntent, UUID(intent_id))
    if intent is None or intent.poll_at is None or intent.poll_at > utcnow() + timedelta(seconds=1):
        return  # it has ended, or another poll is on its way
    gateway = intent.gateway
    try:
        payment, answered = settlement.look_up_payment_if_known(UUID(intent_id)), True
    except VendorError as away:
        # The next poll is the next try, so no job waits or dies for each payment while its gateway is away.
        log.warning("gateway away while its payments were asked for", gateway=gateway, error=str(away))
        payment, answered = None, False
    with run.finish():
        settlement.apply_payment(UUID(intent_id), payment, actor="poller", now=utcnow())
        held = intents.lock_intent(UUID(intent_id))
        if held is not None:
            settlement.schedule_next_poll(held, now=utcnow(), answered=answered)


def process_payment_webhook(run: StepwiseRun, *, event_id: str) -> None:
    with transaction():
        found = webhooks.match_event(UUID(event_id))
    if found is None:
        return
    payment = settlement.look_up_payment(found)
    with run.finish():
        status = settlement.apply_payment(found, payment, actor="webhook", now=utcnow())
        webhooks.mark_event_processed(UUID(event_id), status.value)


def replay_webhooks(*, operation_id: str) -> None:
    """Look into webhooks once more that staff want looked into. Those of each minute have a job of their own."""
    replays.replay_within_minute(UUID(operation_id), now=utcnow())


def update_exchange_rates(run: StepwiseRun) -> None:
    today = utcnow().date()
    rates = Nrb(url=current_app.config["SETTINGS"].nrb_url).list_rates(today - exchange_rates.LOOK_BACK, today)
    with run.finish():
        exchange_rates.store_rates(rates)


def check_exchange_rates() -> None:
    if exchange_rates.rates_are_stale(utcnow().date()):
        publish(ExchangeRatesStale())


def poll_pending_payments() -> None:
    settlement.wake_overdue_polls(now=utcnow())
    matching.wake_events_of_known_intents()


def _to_note(opened: OpenedPayment) -> dict[str, Any]:
    """Give the result as the step keeps it."""
    form = {"action": opened.form.action, "fields": dict(opened.form.fields)} if opened.form else None
    return {"reference": opened.reference, "payment_url": opened.payment_url, "form": form}


def _from_note(noted: dict[str, Any]) -> OpenedPayment:
    form = noted["form"]
    return OpenedPayment(
        noted["reference"], noted["payment_url"], Form(form["action"], form["fields"]) if form else None
    )
