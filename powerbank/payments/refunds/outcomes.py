"""The outcomes of a refund at a gateway: its answer, a later answer, a refusal, and a payment by hand."""

from datetime import datetime
from uuid import UUID

import structlog

from powerbank.integrations.gateway import GatewayRefund, RefundState
from powerbank.outbox.enqueue import publish
from powerbank.payments.events import RefundNeedsAttention
from powerbank.payments.refunds import gateway_refunds
from powerbank.payments.refunds import services as refunds
from powerbank.payments.refunds.models import Refund, RefundStatus

log = structlog.get_logger(__name__)


def apply_answer(refund_id: UUID, answer: GatewayRefund, *, actor: str, now: datetime) -> None:
    """Apply what the gateway says of a refund, whoever asked it, and however often."""
    refund = refunds.lock_refund(refund_id)
    if refund.status == RefundStatus.COMPLETED and answer.state is RefundState.FAILED:
        # It had arrived, and came back. The person has heard that it was paid.
        log.error("a refund failed after it had succeeded", refund_id=str(refund_id))
        publish(RefundNeedsAttention(refund_id=refund_id, reason="It failed after it had succeeded."))
        return
    if refund.status != RefundStatus.PROCESSING:
        return
    if answer.state is RefundState.PENDING:
        gateway_refunds.schedule_follow_up(refund, answer, now=now)
        return
    refund.gateway_reference = answer.reference or refund.gateway_reference
    if answer.state is RefundState.SUCCEEDED:
        refunds.complete_refund(refund, gateway_refunds.book_gateway_refund(refund, actor=actor), now=now)
    else:
        gateway_refunds.hand_to_staff(refund, "The gateway could not pay it out.")


def note_refusal(refund_id: UUID, why: str) -> None:
    """Hand a refund to staff that the gateway has refused, or cannot answer for."""
    refund = refunds.lock_refund(refund_id)
    if refund.status == RefundStatus.PROCESSING:
        gateway_refunds.hand_to_staff(refund, why[:300])


def complete_by_hand(refund_id: UUID, *, reference: str, actor: str, now: datetime) -> Refund:
    """Complete a refund that staff paid in the gateway's portal."""
    refund = refunds.lock_refund(refund_id)
    refunds.require_status(refund, RefundStatus.MANUAL)
    refund.gateway_reference = reference
    refunds.complete_refund(refund, gateway_refunds.book_gateway_refund(refund, actor=actor), now=now)
    refunds.record_decision("refund.paid", refund, before=RefundStatus.MANUAL, actor=actor)
    return refund
