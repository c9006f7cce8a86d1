from typing import Any

from flask.views import MethodView

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.base.db import transaction, utcnow
from powerbank.users import lifecycle, queries, services
from powerbank.users.models import User
from powerbank.users.queries import Profile, read_profile
from powerbank.users.schemas import UsageSchema, UserSchema

blueprint = Blueprint("Profile", __name__, url_prefix="/api/users", description="The signed-in person.")


@blueprint.route("/me")
class Me(MethodView):
    @user_only
    @blueprint.response(200, UserSchema)
    def get(self) -> Profile:
        """Who I am"""
        return read_profile(current_user_id())

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
