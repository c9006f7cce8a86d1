"""People: a station does not take the power bank back."""

from typing import Any
from uuid import UUID

from powerbank.api import uploads
from powerbank.api.auth import current_user_id, user_only
from powerbank.api.idempotency import idempotent_after
from powerbank.api.openapi import Blueprint
from powerbank.base.db import utcnow
from powerbank.rentals.blocked_returns import cards, services
from powerbank.rentals.blocked_returns.cards import BlockCard
from powerbank.rentals.blocked_returns.schemas import BlockedReturnSchema, ReturnBlockedSchema
from powerbank.stations.issues import photos

blueprint = Blueprint(
    "Blocked returns", __name__, url_prefix="/api/rentals", description="When a station takes no power bank back."
)


def _remake_photo(body: dict[str, Any], **_: Any) -> dict[str, Any]:
    return {"photo": photos.remake_photo(body["photo"])}


@blueprint.post("/<uuid:rental_id>/return-blocked")
@user_only
@uploads.takes_a_photo
@blueprint.arguments(ReturnBlockedSchema, location="json_or_form")
@idempotent_after(_remake_photo, required=False)
@blueprint.response(201, BlockedReturnSchema)
def report(body: dict[str, Any], rental_id: UUID, photo: bytes | None) -> BlockCard:
    """The station is full, away, closed or refuses: the meter stands still, and a slot is kept at the next station"""
    block = services.report_blocked_return(
        rental_id,
        user_id=current_user_id(),
        station_sn=body["station_sn"],
        lat=body["lat"],
        lng=body["lng"],
        photo=photo,
        now=utcnow(),
    )
    return cards.card_of_block(block)
