"""Serve staff campaigns, coupons and their codes, and what came of them."""

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.crud import add_crud
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base.db import transaction
from powerbank.ledger.adjustments.allowances import SECOND_PERSON
from powerbank.promotions import exports, queries, services
from powerbank.promotions.models import Coupon
from powerbank.promotions.schemas import (
    CAMPAIGNS,
    WRITE,
    CodesSchema,
    CouponArguments,
    CouponCodeSchema,
    CouponRulesSchema,
    CouponSchema,
    MakeCodesSchema,
    UseSchema,
)

blueprint = Blueprint("Promotions (staff)", __name__, url_prefix="/api/admin", description="Coupons and campaigns.")

add_crud(blueprint, CAMPAIGNS)


@blueprint.route("/coupons")
class Coupons(MethodView):
    @staff_only("promotions.read")
    @blueprint.arguments(CouponArguments, location="query")
    @blueprint.response(200, page_of(CouponSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List, newest first"""
        return queries.coupon_page(**arguments)

    @staff_only(WRITE)
    @blueprint.arguments(CouponSchema)
    @blueprint.response(201, CouponSchema)
    def post(self, body: dict[str, Any]) -> Coupon:
        """Create a new coupon"""
        with transaction():
            return services.create_coupon(**body, by=current_staff().id)


@blueprint.route("/coupons/<uuid:coupon_id>")
class OneCoupon(MethodView):
    @staff_only("promotions.read")
    @blueprint.response(200, CouponSchema)
    def get(self, coupon_id: UUID) -> Coupon:
        """Read one coupon"""
        return queries.find_coupon(coupon_id)

    @staff_only(WRITE)
    @blueprint.arguments(CouponRulesSchema(partial=True))
    @blueprint.response(200, CouponSchema)
    def patch(self, body: dict[str, Any], coupon_id: UUID) -> Coupon:
        """Change the fields given; what kind it is and its code stay"""
        with transaction():
            coupon = services.lock_coupon(coupon_id)
            services.change_coupon(coupon, body, by=current_staff().id)
        return coupon

    @staff_only(WRITE)
    @blueprint.response(204)
    def delete(self, coupon_id: UUID) -> None:
        """Delete one that was never used"""
        with transaction():
            services.delete_coupon(services.lock_coupon(coupon_id), by=current_staff().id)


@blueprint.post("/coupons/<uuid:coupon_id>/approve")
@staff_only(SECOND_PERSON)
@idempotent
@blueprint.response(200, CouponSchema)
def approve(coupon_id: UUID) -> Coupon:
    """Agree, as a second person, to all the points that it may give"""
    coupon = services.lock_coupon(coupon_id)
    services.approve_coupon(coupon, staff=current_staff())
    return coupon


@blueprint.route("/coupons/<uuid:coupon_id>/codes")
class Codes(MethodView):
    @staff_only("promotions.read")
    @blueprint.arguments(PageArguments, location="query")
    @blueprint.response(200, page_of(CouponCodeSchema))
    def get(self, arguments: dict[str, Any], coupon_id: UUID) -> dict[str, Any]:
        """Codes, and how often each was used"""
        return queries.code_page(queries.find_coupon(coupon_id).id, **arguments)

    @staff_only(WRITE)
    @blueprint.arguments(MakeCodesSchema)
    @blueprint.response(201, CodesSchema)
    def post(self, body: dict[str, Any], coupon_id: UUID) -> dict[str, Any]:
        """Make codes that serve once each"""
        with transaction():
            coupon = services.lock_coupon(coupon_id)
            return {"codes": services.make_codes(coupon, **body, by=current_staff().id)}


@blueprint.get("/coupons/<uuid:coupon_id>/codes.csv")
@staff_only(WRITE)
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def export_codes(coupon_id: UUID) -> Response:
    """All codes as CSV"""
    return exports.export_codes(coupon_id)


@blueprint.get("/coupons/<uuid:coupon_id>/use")
@staff_only("promotions.read")
@blueprint.response(200, UseSchema)
def use_of_coupon(coupon_id: UUID) -> dict[str, Any]:
    """What was used of a coupon, in all and by day"""
    return queries.summarise_uses_of_coupon(coupon_id)


@blueprint.get("/campaigns/<uuid:campaign_id>/use")
@staff_only("promotions.read")
@blueprint.response(200, UseSchema)
def use_of_campaign(campaign_id: UUID) -> dict[str, Any]:
    """What was used of all coupons of a campaign, in all and by day"""
    return queries.summarise_uses_of_campaign(campaign_id)


@blueprint.get("/coupons/<uuid:coupon_id>/redemptions.csv")
@staff_only("promotions.read")
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def export_redemptions(coupon_id: UUID) -> Response:
    """Every use of a coupon as CSV, oldest first"""
    return exports.export_redemptions_of_coupon(coupon_id)


@blueprint.get("/campaigns/<uuid:campaign_id>/redemptions.csv")
@staff_only("promotions.read")
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def export_redemptions_of_campaign(campaign_id: UUID) -> Response:
    """Every use of all coupons of a campaign as CSV, oldest first"""
    return exports.export_redemptions_of_campaign(campaign_id)
