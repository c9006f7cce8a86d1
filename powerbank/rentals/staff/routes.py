"""Serve staff rentals: find them, show them whole, and resolve them."""

from typing import Any
from uuid import UUID

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.ledger.adjustments.models import StaffAct
from powerbank.ledger.adjustments.schemas import StaffActSchema, answer_with_waiting_act
from powerbank.rentals import cards, locations, queries
from powerbank.rentals.staff import decisions, dossier
from powerbank.rentals.staff.schemas import (
    AdminRentalDetailSchema,
    AdminRentalsSchema,
    LocationSchema,
    RentalResolutionSchema,
    SearchArguments,
)

blueprint = Blueprint("Rentals (staff)", __name__, url_prefix="/api/admin/rentals", description="All rentals.")


@blueprint.get("")
@staff_only("rentals.read")
@blueprint.arguments(SearchArguments, location="query")
@blueprint.response(200, AdminRentalsSchema)
def search(arguments: dict[str, Any]) -> dict[str, Any]:
    """Rentals, newest first"""
    return cards.card_page(now=utcnow(), **arguments)


@blueprint.get("/<uuid:rental_id>")
@staff_only("rentals.read")
@blueprint.response(200, AdminRentalDetailSchema)
def detail(rental_id: UUID) -> dict[str, Any]:
    """One rental with its log, commands, custody, what stations said, money and disputes side by side"""
    return dossier.rental_dossier(queries.find_rental(rental_id), now=utcnow())


@blueprint.get("/<uuid:rental_id>/locations")
@staff_only("rentals.locate")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(LocationSchema))
def places(arguments: dict[str, Any], rental_id: UUID) -> dict[str, Any]:
    """Where its person's phone was, newest first; who looks is on record"""
    with transaction():
        rental = queries.find_rental(rental_id)
        audit.record_by_staff("rental.read_locations", "rental", rental.id, new={"user_id": str(rental.user_id)})
        return locations.location_page(rental, **arguments)


@blueprint.post("/<uuid:rental_id>/resolve")
@staff_only("rentals.resolve")
@idempotent
@blueprint.arguments(RentalResolutionSchema)
@blueprint.response(200, AdminRentalDetailSchema)
@blueprint.alt_response(202, schema=StaffActSchema, description="A second person must approve.")
def resolve(body: dict[str, Any], rental_id: UUID) -> Any:
    """End, extend, swap, refund, charge, or decide a dispute; what is beyond one person waits for a second one"""
    done = decisions.decide_by_staff(rental_id, staff=current_staff(), now=utcnow(), **body)
    return answer_with_waiting_act(done) if isinstance(done, StaffAct) else dossier.rental_dossier(done, now=utcnow())
