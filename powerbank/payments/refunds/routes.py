"""People: asking for money back."""

from typing import Any
from uuid import UUID

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.api.rate_limits import hit_if_counted
from powerbank.payments import queries
from powerbank.payments.refunds import services as refunds
from powerbank.payments.refunds.models import Refund
from powerbank.payments.refunds.schemas import RefundArguments, RefundRequestSchema, RefundSchema

blueprint = Blueprint("Refunds", __name__, url_prefix="/api/payment/refunds", description="Money back.")


@blueprint.post("")
@user_only
@idempotent
@blueprint.arguments(RefundRequestSchema)
@blueprint.response(201, RefundSchema)
def ask(body: dict[str, Any]) -> Refund:
    """Ask for a payment or an unspent top-up back; staff decide"""
    user_id = current_user_id()
    hit_if_counted("20 per hour", "refund", str(user_id))
    return refunds.request_refund(user_id=user_id, actor=f"user:{user_id}", **body)


@blueprint.get("")
@user_only
@blueprint.arguments(RefundArguments, location="query")
@blueprint.response(200, page_of(RefundSchema))
def mine(arguments: dict[str, Any]) -> dict[str, Any]:
    """My refunds, newest first"""
    return queries.refund_page(user_id=current_user_id(), **arguments)


@blueprint.get("/<uuid:refund_id>")
@user_only
@blueprint.response(200, RefundSchema)
def one(refund_id: UUID) -> Refund:
    """How a refund stands"""
    return queries.refund_of_user(refund_id, current_user_id())
