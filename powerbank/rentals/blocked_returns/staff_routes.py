"""Serve staff: stop the meter of a rental once more."""

from typing import Any
from uuid import UUID

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import utcnow
from powerbank.rentals.blocked_returns import cards, services
from powerbank.rentals.blocked_returns.cards import BlockCard
from powerbank.rentals.blocked_returns.schemas import BlockedReturnSchema, PauseGrantSchema

blueprint = Blueprint(
    "Blocked returns (staff)", __name__, url_prefix="/api/admin/rentals", description="Pauses that staff grant."
)


@blueprint.post("/<uuid:rental_id>/return-blocked")
@staff_only("rentals.resolve")
@idempotent
@blueprint.arguments(PauseGrantSchema)
@blueprint.response(201, BlockedReturnSchema)
def grant(body: dict[str, Any], rental_id: UUID) -> BlockCard:
    """Let the meter stand still once more, or for its full time from now where it stands still already"""
    block = services.grant_by_staff(
        rental_id, station_sn=body["station_sn"], by=staff_actor(current_staff().id), now=utcnow()
    )
    audit.record_by_staff(
        "rental.pause", "rental", rental_id, new={"block_id": str(block.id), "reason": body["reason"]}
    )
    return cards.card_of_block(block)
