"""The jobs that send refunds of top-ups to their gateways, and follow them."""

from typing import Any
from uuid import UUID

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, utcnow
from powerbank.integrations.errors import VendorRefusedError
from powerbank.integrations.gateway import GatewayRefund, RefundState
from powerbank.payments import gateways
from powerbank.payments.refunds import gateway_refunds, outcomes


def refund_topup(run: StepwiseRun, *, refund_id: str) -> None:
    """Send a refund to its gateway. An answer that was lost is asked for before anything is sent again."""
    plan = gateway_refunds.plan_refund(UUID(refund_id))
    db.session.rollback()
    if plan is None:
        return
    gateway = gateways.get_gateway(plan.gateway)

    def send(_key: str) -> dict[str, Any]:
        made = gateway.refund(plan.paid.payment_id, amount=plan.amount, currency=plan.paid.currency, key=plan.key)
        return _to_note(made)

    def ask(_key: str) -> dict[str, Any] | None:
        found = gateway.find_refund(plan.paid, amount=plan.amount, refunded_before=plan.refunded_before, key=plan.key)
        return _to_note(found) if found else None

    try:
        answer = run.call("refund", send, ask)
    except VendorRefusedError as refused:
        with run.finish():
            outcomes.note_refusal(UUID(refund_id), str(refused))
        return
    with run.finish():
        outcomes.apply_answer(UUID(refund_id), _from_note(answer), actor="gateway", now=utcnow())


def follow_refund(run: StepwiseRun, *, refund_id: str) -> None:
    plan = gateway_refunds.plan_refund(UUID(refund_id))
    db.session.rollback()
    if plan is None or plan.reference is None:
        return
    try:
        answer = gateways.get_gateway(plan.gateway).look_up_refund(plan.reference)
    except VendorRefusedError as refused:
        with run.finish():
            outcomes.note_refusal(UUID(refund_id), str(refused))
        return
    with run.finish():
        outcomes.apply_answer(UUID(refund_id), answer, actor="gateway", now=utcnow())


def _to_note(made: GatewayRefund) -> dict[str, Any]:
    """Give the result as the step keeps it."""
    return {"state": made.state.value, "reference": made.reference}


def _from_note(noted: dict[str, Any]) -> GatewayRefund:
    return GatewayRefund(RefundState(noted["state"]), noted["reference"])
