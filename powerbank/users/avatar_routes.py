from flask import Response, request
from flask.views import MethodView

from powerbank.api import uploads
from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.base.db import transaction
from powerbank.base.errors import NotFoundError
from powerbank.users import avatars
from powerbank.users.models import User
from powerbank.users.schemas import AvatarSchema, UserSchema

blueprint = Blueprint("Avatar", __name__, url_prefix="/api/users/me", description="A person's own picture.")
media = Blueprint("Pictures", __name__, url_prefix="/media", description="Pictures that everybody may see.")

A_YEAR = 31_536_000


@blueprint.route("/avatar")
class MyAvatar(MethodView):
    @user_only
    @uploads.takes_pictures(1)
    @blueprint.arguments(AvatarSchema, location="multipart")
    @blueprint.response(200, UserSchema)
    def put(self, body: dict[str, bytes]) -> User:
        """Show another picture; it is cut to a square, and the old address ends"""
        picture = uploads.remake_picture(body["picture"], avatars.SHAPE)
        with transaction():
            return avatars.replace_avatar(current_user_id(), picture)

    @user_only
    @blueprint.response(204)
    def delete(self) -> None:
        """Show no picture"""
        with transaction():
            avatars.remove_avatar(current_user_id())


@media.get("/avatars/<string:key>.jpg")
@media.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
@media.alt_response(304, description="The caller has it already")
def avatar(key: str) -> Response:
    """A person's picture"""
    content = None if "\x00" in key else avatars.find_picture(key)
    if content is None:
        raise NotFoundError("picture")
    response = Response(content, content_type="image/jpeg")
    # What is at an address never changes, so neither does its tag.
    response.set_etag(key)
    response.cache_control.public = True
    response.cache_control.max_age = A_YEAR
    response.cache_control.immutable = True
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response.make_conditional(request)  # type: ignore[return-value]
