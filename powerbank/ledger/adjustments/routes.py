"""Serve staff adjustments: they give and take by hand, with a reason and within limits."""

from typing import Any
from uuid import UUID

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base.db import utcnow
from powerbank.base.money import NPR, PTS
from powerbank.ledger import queries
from powerbank.ledger.adjustments import services as adjustments
from powerbank.ledger.adjustments.allowances import PERMISSIONS, SECOND_PERSON
from powerbank.ledger.adjustments.models import Act
from powerbank.ledger.schemas import (
    AdjustBalanceSchema,
    AdjustedSchema,
    AdjustmentArguments,
    AdjustmentSchema,
    AdjustPointsSchema,
)
from powerbank.ledger.wallet_models import Adjustment, AdjustmentStatus

blueprint = Blueprint("Adjustments (staff)", __name__, url_prefix="/api/admin", description="Corrections by hand.")


@blueprint.post("/users/<uuid:user_id>/adjust-balance")
@staff_only(PERMISSIONS[Act.ADJUSTMENT])
@idempotent
@blueprint.arguments(AdjustBalanceSchema)
@blueprint.response(200, AdjustedSchema)
@blueprint.alt_response(202, schema=AdjustedSchema, description="A second person must approve.")
def adjust_balance(body: dict[str, Any], user_id: UUID) -> tuple[dict[str, Any], int]:
    """Give money to a person, or take it"""
    return _adjust(user_id, NPR, body["amount"], body["reason"])


@blueprint.post("/users/<uuid:user_id>/adjust-points")
@staff_only(PERMISSIONS[Act.ADJUSTMENT])
@idempotent
@blueprint.arguments(AdjustPointsSchema)
@blueprint.response(200, AdjustedSchema)
@blueprint.alt_response(202, schema=AdjustedSchema, description="A second person must approve.")
def adjust_points(body: dict[str, Any], user_id: UUID) -> tuple[dict[str, Any], int]:
    """Give points to a person, or take them"""
    return _adjust(user_id, PTS, body["points"], body["reason"])


@blueprint.get("/ledger/adjustments")
@staff_only("ledger.read")
@blueprint.arguments(AdjustmentArguments, location="query")
@blueprint.response(200, page_of(AdjustmentSchema))
def list_adjustments(arguments: dict[str, Any]) -> dict[str, Any]:
    """Adjustments, newest first"""
    return queries.adjustment_page(**arguments)


@blueprint.post("/ledger/adjustments/<uuid:adjustment_id>/approve")
@staff_only(SECOND_PERSON)
@idempotent
@blueprint.response(200, AdjustmentSchema)
def approve(adjustment_id: UUID) -> Adjustment:
    """Apply what somebody else asked for"""
    return adjustments.approve_adjustment(adjustment_id, staff=current_staff(), now=utcnow())


@blueprint.post("/ledger/adjustments/<uuid:adjustment_id>/reject")
@staff_only(SECOND_PERSON)
@idempotent
@blueprint.response(200, AdjustmentSchema)
def reject(adjustment_id: UUID) -> Adjustment:
    """Refuse what somebody else asked for"""
    return adjustments.reject_adjustment(adjustment_id, staff=current_staff(), now=utcnow())


def _adjust(user_id: UUID, currency: str, amount: int, reason: str) -> tuple[dict[str, Any], int]:
    adjustment = adjustments.ask_for_adjustment(
        user_id=user_id, currency=currency, amount=amount, reason=reason, staff=current_staff(), now=utcnow()
    )
    wallet = queries.wallet_of_user(user_id)
    answer = {
        "adjustment_id": adjustment.id,
        "status": adjustment.status,
        "balance": wallet.balance,
        "points": wallet.points,
        "currency": NPR,
    }
    return answer, 202 if adjustment.status == AdjustmentStatus.PENDING else 200
