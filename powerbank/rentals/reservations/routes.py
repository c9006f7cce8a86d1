"""People: keeping a power bank for the minutes of the walk to its station."""

from typing import Any
from uuid import UUID

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base.db import transaction, utcnow
from powerbank.rentals.reservations import cards, queries, services
from powerbank.rentals.reservations.cards import ReservationCard
from powerbank.rentals.reservations.schemas import ReservationSchema, ReserveSchema

blueprint = Blueprint(
    "Reservations", __name__, url_prefix="/api/reservations", description="Keeping a power bank for a while."
)


@blueprint.post("")
@user_only
@idempotent
@blueprint.arguments(ReserveSchema)
@blueprint.response(201, ReservationSchema)
def reserve(body: dict[str, Any]) -> ReservationCard:
    """Keep a power bank; the most that this may cost is held, and counts towards the price of the rental"""
    now = utcnow()
    return cards.card_of_reservation(services.reserve_bank(user_id=current_user_id(), now=now, **body), now=now)


@blueprint.get("")
@user_only
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(ReservationSchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """Your reservations, newest first"""
    return cards.user_card_page(current_user_id(), now=utcnow(), **arguments)


@blueprint.get("/<uuid:reservation_id>")
@user_only
@blueprint.response(200, ReservationSchema)
def detail(reservation_id: UUID) -> ReservationCard:
    """One reservation"""
    return cards.card_of_reservation(queries.reservation_of_user(reservation_id, current_user_id()), now=utcnow())


@blueprint.delete("/<uuid:reservation_id>")
@user_only
@blueprint.response(200, ReservationSchema)
def cancel(reservation_id: UUID) -> ReservationCard:
    """Give the power bank back; only the minutes beyond the free ones are paid"""
    now = utcnow()
    with transaction():
        cancelled = services.cancel_by_user(reservation_id, user_id=current_user_id(), now=now)
        return cards.card_of_reservation(cancelled, now=now)
