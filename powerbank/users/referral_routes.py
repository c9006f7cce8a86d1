from typing import Any

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page, page_of
from powerbank.api.rate_limits import caller_address, hit_if_counted
from powerbank.base.db import db
from powerbank.users import referrals
from powerbank.users.models import Referral, User
from powerbank.users.schemas import CodeAnswerSchema, CodeArguments, MyCodeSchema, ReferralSchema

blueprint = Blueprint("Referrals", __name__, url_prefix="/api/referrals", description="Who brought whom.")


@blueprint.get("/my-code")
@user_only
@blueprint.response(200, MyCodeSchema)
def my_code() -> User:
    """The code to give to friends"""
    return db.session.get_one(User, current_user_id())


@blueprint.get("/validate")
@blueprint.arguments(CodeArguments, location="query")
@blueprint.response(200, CodeAnswerSchema)
def check_code(arguments: dict[str, str]) -> dict[str, Any]:
    """Whether a code can be used; asked before signing up, so of anybody"""
    hit_if_counted("30 per minute", "referral-code", caller_address())
    return {"code": arguments["code"], "valid": referrals.find_inviter(arguments["code"]) is not None}


@blueprint.get("")
@user_only
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(ReferralSchema))
def my_referrals(arguments: dict[str, Any]) -> dict[str, Any]:
    """Who came by my code, newest first"""
    return page(referrals.select_referrals_of_user(current_user_id()), Referral.id, descending=True, **arguments)
