"""Serve staff refunds, and take decisions on them."""

from typing import Any
from uuid import UUID

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base.audit import staff_actor
from powerbank.base.db import utcnow
from powerbank.ledger.adjustments.allowances import PERMISSIONS
from powerbank.ledger.adjustments.models import Act
from powerbank.payments import queries
from powerbank.payments.refunds import outcomes
from powerbank.payments.refunds import services as refunds
from powerbank.payments.refunds.models import Refund, RefundStatus
from powerbank.payments.refunds.schemas import PaidByHandSchema, RejectSchema, StaffRefundArguments, StaffRefundSchema

blueprint = Blueprint("Refunds (staff)", __name__, url_prefix="/api/admin/refunds", description="Money back.")


@blueprint.get("")
@staff_only("refunds.read")
@blueprint.arguments(StaffRefundArguments, location="query")
@blueprint.response(200, page_of(StaffRefundSchema))
def find(arguments: dict[str, Any]) -> dict[str, Any]:
    """Refunds, newest first"""
    return queries.refund_page(**arguments)


@blueprint.get("/<uuid:refund_id>")
@staff_only("refunds.read")
@blueprint.response(200, StaffRefundSchema)
def one(refund_id: UUID) -> Refund:
    """A refund"""
    return queries.find_refund(refund_id)


@blueprint.post("/<uuid:refund_id>/approve")
@staff_only(PERMISSIONS[Act.REFUND])
@idempotent
@blueprint.response(200, StaffRefundSchema)
@blueprint.alt_response(202, schema=StaffRefundSchema, description="A second person must approve too.")
def approve(refund_id: UUID) -> tuple[Refund, int]:
    """Let it be paid; large ones need two people"""
    refund = refunds.approve_refund(refund_id, staff=current_staff(), now=utcnow())
    return refund, 202 if refund.status == RefundStatus.REQUESTED else 200


@blueprint.post("/<uuid:refund_id>/reject")
@staff_only("refunds.decide")
@idempotent
@blueprint.arguments(RejectSchema)
@blueprint.response(200, StaffRefundSchema)
def reject(body: dict[str, str], refund_id: UUID) -> Refund:
    """Refuse it, or give up one that the gateway could not pay; what was held is the person's again"""
    return refunds.reject_refund(refund_id, staff=current_staff(), reason=body["reason"], now=utcnow())


@blueprint.post("/<uuid:refund_id>/paid")
@staff_only("refunds.decide")
@idempotent
@blueprint.arguments(PaidByHandSchema)
@blueprint.response(200, StaffRefundSchema)
def paid(body: dict[str, str], refund_id: UUID) -> Refund:
    """Say that it was paid by hand, in the gateway's portal"""
    return outcomes.complete_by_hand(
        refund_id, reference=body["gateway_reference"], actor=staff_actor(current_staff().id), now=utcnow()
    )
