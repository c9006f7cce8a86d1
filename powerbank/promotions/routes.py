"""A person's coupons."""

from typing import Any

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.api.rate_limits import hit_if_counted
from powerbank.base.db import utcnow
from powerbank.promotions import claims, coupons, queries
from powerbank.promotions.schemas import AppliedSchema, ApplySchema, MyCouponSchema

blueprint = Blueprint("Coupons", __name__, url_prefix="/api/promotions/coupons", description="A person's coupons.")


@blueprint.post("/apply")
@user_only
@idempotent
@blueprint.arguments(ApplySchema)
@blueprint.response(200, AppliedSchema)
def apply(body: dict[str, str]) -> claims.ClaimedCoupon:
    """Use a code: points come at once, a discount is put by for the next rental"""
    hit_if_counted(*coupons.GUESSES, str(current_user_id()))
    return claims.claim_coupon(user_id=current_user_id(), code=body["code"], now=utcnow())


@blueprint.get("/my")
@user_only
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(MyCouponSchema))
def mine(arguments: dict[str, Any]) -> dict[str, Any]:
    """What I put by or used, newest first"""
    return queries.claim_page(current_user_id(), now=utcnow(), **arguments)
