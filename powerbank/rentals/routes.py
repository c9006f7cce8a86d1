"""People: renting, from the scan to the settled return."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, current_app, request
from marshmallow import ValidationError

from powerbank.api import uploads
from powerbank.api.auth import current_user_id, user_only
from powerbank.api.idempotency import idempotent, idempotent_after, idempotent_when
from powerbank.api.openapi import Blueprint, ProblemSchema
from powerbank.api.rate_limits import hit_if_counted
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.payments.dues.schemas import PaymentMethodSchema
from powerbank.payments.options.methods import Method
from powerbank.promotions.coupons import GUESSES
from powerbank.rentals import cards, locations, long_polls, queries
from powerbank.rentals.cards import RentalCard
from powerbank.rentals.charges import extension, settlement
from powerbank.rentals.disputes import services as cases
from powerbank.rentals.disputes.models import IssueType, RentalCase
from powerbank.rentals.end import cancellation
from powerbank.rentals.models import Rental
from powerbank.rentals.schemas import (
    ExtendSchema,
    InitiatedSchema,
    InitiateSchema,
    PaidDuesSchema,
    RentalArguments,
    RentalCaseSchema,
    RentalDetailSchema,
    RentalIssueSchema,
    RentalLocationSchema,
    RentalsSchema,
    RequirementsSchema,
    WaitArguments,
)
from powerbank.rentals.start import admission, eligibility, initiation
from powerbank.stations.issues import photos

blueprint = Blueprint("Rentals", __name__, url_prefix="/api/rentals", description="Renting a power bank.")


def keep_refusals(view: Callable[..., Response]) -> Callable[..., Response]:
    """Keep a start that the view refuses, once the view's transaction has been rolled back."""

    @functools.wraps(view)
    def wrapper() -> Response:
        try:
            return view()
        except AppError as refused:
            with contextlib.suppress(ValidationError):  # it was refused before anybody looked at what it asks for
                wanted = InitiateSchema().load(request.get_json(silent=True) or {})
                place = {"station_sn": wanted["station_sn"], "package_id": wanted["package_id"]}
                admission.keep_refusal(refused, user_id=current_user_id(), now=utcnow(), **place)
            raise

    return wrapper


@blueprint.post("/initiate")
@user_only
@keep_refusals
@idempotent_when(admission.admit_start)
@blueprint.arguments(InitiateSchema)
@blueprint.response(202, InitiatedSchema)
@blueprint.alt_response(
    503,
    schema=ProblemSchema,
    content_type="application/problem+json",
    description="`starts_refused`: a power bank cannot be handed out in time now. Nothing was held or kept: after "
    "`Retry-After` seconds a repeat with the same key is a fresh try.",
    headers={"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds, different for each caller."}},
)
def initiate(body: dict[str, Any]) -> Rental:
    """Begin a rental: a power bank is promised and the money held; then ask for the rental until it is out"""
    if body["coupon_code"] is not None:
        hit_if_counted(*GUESSES, str(current_user_id()))
    return initiation.initiate_rental(
        user_id=current_user_id(),
        station_sn=body["station_sn"],
        package_id=body["package_id"],
        method=Method(body["payment_method"]),
        coupon_code=body["coupon_code"],
        now=utcnow(),
    )


@blueprint.get("")
@user_only
@blueprint.arguments(RentalArguments, location="query")
@blueprint.response(200, RentalsSchema)
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """Your rentals, newest first"""
    return cards.user_card_page(current_user_id(), now=utcnow(), **arguments)


@blueprint.get("/active")
@user_only
@blueprint.response(200, RentalsSchema)
def active() -> dict[str, Any]:
    """Your open rentals"""
    return {"items": cards.open_cards_of_user(current_user_id(), now=utcnow()), "next_cursor": None}


@blueprint.get("/requirements")
@user_only
@blueprint.response(200, RequirementsSchema)
def show_requirements() -> dict[str, Any]:
    """What I have to put right before I can rent; the start of a rental refuses with the first of it"""
    missing = eligibility.list_refusals(current_user_id())
    return {"may_rent": not missing, "missing": missing}


@blueprint.get("/<uuid:rental_id>")
@user_only
@blueprint.arguments(WaitArguments, location="query")
@blueprint.response(200, RentalDetailSchema)
def detail(arguments: dict[str, Any], rental_id: UUID) -> RentalCard:
    """One rental; with `wait` and `since` the answer comes when it is newer than that version, or at once where too
    many wait already"""
    rental = queries.rental_of_user(rental_id, current_user_id())
    if long_polls.wait_for_change(rental, most=current_app.config["SETTINGS"].long_polls, **arguments):
        rental = queries.rental_of_user(rental_id, current_user_id())
    return cards.card_of_rental(rental, now=utcnow())


@blueprint.post("/<uuid:rental_id>/cancel")
@user_only
@idempotent
@blueprint.response(200, RentalDetailSchema)
def cancel(rental_id: UUID) -> RentalCard:
    """Before the ejection at once; shortly after it if the power bank is brought back in time"""
    rental = cancellation.cancel_by_user(rental_id, user_id=current_user_id(), now=utcnow())
    return cards.card_of_rental(rental, now=utcnow())


@blueprint.post("/<uuid:rental_id>/extend")
@user_only
@idempotent
@blueprint.arguments(ExtendSchema)
@blueprint.response(200, RentalDetailSchema)
def extend(body: dict[str, Any], rental_id: UUID) -> RentalCard:
    """More time; what is overdue so far is paid first"""
    method = Method(body["payment_method"]) if body["payment_method"] else None
    rental = extension.extend_rental(
        rental_id, user_id=current_user_id(), package_id=body["package_id"], method=method, now=utcnow()
    )
    return cards.card_of_rental(rental, now=utcnow())


@blueprint.post("/<uuid:rental_id>/pay-due")
@user_only
@idempotent
@blueprint.arguments(PaymentMethodSchema)
@blueprint.response(200, PaidDuesSchema)
def pay_due(body: dict[str, Any], rental_id: UUID) -> dict[str, Any]:
    """Pay what is owed for this rental"""
    method = Method(body["payment_method"])
    paid = settlement.pay_dues_of_rental(rental_id, user_id=current_user_id(), method=method, now=utcnow())
    return {"rental_id": rental_id, "paid": paid, "due_amount": 0}


def _remake_photo(body: dict[str, Any], **_: Any) -> dict[str, Any]:
    return {"photo": photos.remake_photo(body["photo"])}


@blueprint.post("/<uuid:rental_id>/report-issue")
@user_only
@uploads.takes_a_photo
@blueprint.arguments(RentalIssueSchema, location="json_or_form")
@idempotent_after(_remake_photo, required=False)
@blueprint.response(201, RentalCaseSchema)
def report_issue(body: dict[str, Any], rental_id: UUID, photo: bytes | None) -> RentalCase:
    """Something went wrong; nothing is collected until it is decided. What is said to be lost is charged at once"""
    return cases.report_issue(
        rental_id,
        user_id=current_user_id(),
        issue_type=IssueType(body["issue_type"]),
        description=body["description"],
        photo=photo,
        now=utcnow(),
    )


@blueprint.post("/<uuid:rental_id>/location")
@user_only
@blueprint.arguments(RentalLocationSchema)
@blueprint.response(204)
def location(body: dict[str, Any], rental_id: UUID) -> None:
    """Where the power bank is, while the rental is open"""
    with transaction():
        locations.note_location(rental_id, user_id=current_user_id(), now=utcnow(), **body)
