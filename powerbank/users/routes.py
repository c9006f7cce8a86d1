"""Serve a signed-in person their profile, picture, usage and referrals."""

from typing import Any

from flask import Response, request
from flask.views import MethodView

from powerbank.api import uploads
from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.api.rate_limits import caller_address, hit_if_counted
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import NotFoundError
from powerbank.users import avatars, lifecycle, queries, referrals, services
from powerbank.users.models import User
from powerbank.users.queries import Profile
from powerbank.users.schemas import (
    AvatarSchema,
    CodeAnswerSchema,
    CodeArguments,
    MyCodeSchema,
    ReferralSchema,
    UsageSchema,
    UserSchema,
)

blueprint = Blueprint("Profile", __name__, url_prefix="/api/users", description="The signed-in person.")
avatar_blueprint = Blueprint("Avatar", __name__, url_prefix="/api/users/me", description="A person's own picture.")
picture_blueprint = Blueprint("Pictures", __name__, url_prefix="/media", description="Pictures that everybody may see.")
referral_blueprint = Blueprint("Referrals", __name__, url_prefix="/api/referrals", description="Who brought whom.")

SECONDS_OF_A_YEAR = 31_536_000


@blueprint.route("/me")
class Me(MethodView):
    @user_only
    @blueprint.response(200, UserSchema)
    def get(self) -> Profile:
        """Who I am"""
        return queries.read_profile(current_user_id())

    @user_only
    @blueprint.arguments(UserSchema(partial=True))
    @blueprint.response(200, UserSchema)
    def patch(self, body: dict[str, Any]) -> User:
        """Change the fields given"""
        with transaction():
            return services.change_profile(current_user_id(), body)

    @user_only
    @blueprint.response(204)
    def delete(self) -> None:
        """End the account: who I am is forgotten, money records stay"""
        with transaction():
            lifecycle.end_account(current_user_id(), now=utcnow())


@blueprint.get("/me/usage")
@user_only
@blueprint.response(200, UsageSchema)
def my_usage() -> dict[str, Any]:
    """What I have used so far"""
    return queries.read_usage(current_user_id())


@avatar_blueprint.route("/avatar")
class MyAvatar(MethodView):
    @user_only
    @uploads.takes_pictures(1)
    @avatar_blueprint.arguments(AvatarSchema, location="multipart")
    @avatar_blueprint.response(200, UserSchema)
    def put(self, body: dict[str, bytes]) -> User:
        """Show another picture; it is cut to a square, and the old address ends"""
        picture = uploads.remake_picture(body["picture"], avatars.SHAPE)
        with transaction():
            return avatars.replace_avatar(current_user_id(), picture)

    @user_only
    @avatar_blueprint.response(204)
    def delete(self) -> None:
        """Show no picture"""
        with transaction():
            avatars.remove_avatar(current_user_id())


@picture_blueprint.get("/avatars/<string:key>.jpg")
@picture_blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
@picture_blueprint.alt_response(304, description="The caller has it already")
def avatar(key: str) -> Response:
    """A person's picture"""
    content = None if "\x00" in key else avatars.find_picture(key)
    if content is None:
        raise NotFoundError("picture")
    response = Response(content, content_type="image/jpeg")
    # What is at an address never changes, so neither does its tag.
    response.set_etag(key)
    response.cache_control.public = True
    response.cache_control.max_age = SECONDS_OF_A_YEAR
    response.cache_control.immutable = True
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response.make_conditional(request)  # type: ignore[return-value]


@referral_blueprint.get("/my-code")
@user_only
@referral_blueprint.response(200, MyCodeSchema)
def my_code() -> Profile:
    """The code to give to friends"""
    return queries.read_profile(current_user_id())


@referral_blueprint.get("/validate")
@referral_blueprint.arguments(CodeArguments, location="query")
@referral_blueprint.response(200, CodeAnswerSchema)
def check_code(arguments: dict[str, str]) -> dict[str, Any]:
    """Whether a code can be used; asked before signing up, so of anybody"""
    hit_if_counted("30 per minute", "referral-code", caller_address())
    return {"code": arguments["code"], "valid": referrals.find_inviter(arguments["code"]) is not None}


@referral_blueprint.get("")
@user_only
@referral_blueprint.arguments(PageArguments, location="query")
@referral_blueprint.response(200, page_of(ReferralSchema))
def my_referrals(arguments: dict[str, Any]) -> dict[str, Any]:
    """Who came by my code, newest first"""
    return referrals.list_referrals_of_user(current_user_id(), **arguments)
