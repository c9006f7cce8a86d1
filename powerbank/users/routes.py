from typing import Any

from flask.views import MethodView

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.db import db, transaction
from powerbank.users import services
from powerbank.users.models import User
from powerbank.users.schemas import UserSchema

blueprint = Blueprint("Profile", __name__, url_prefix="/api/users", description="The signed-in person.")


@blueprint.route("/me")
class Me(MethodView):
    @user_only
    @blueprint.response(200, UserSchema)
    def get(self) -> User:
        """Who I am"""
        return db.session.get_one(User, current_user_id())

    @user_only
    @blueprint.arguments(UserSchema(partial=True))
    @blueprint.response(200, UserSchema)
    def patch(self, body: dict[str, Any]) -> User:
        """Change the fields given"""
        with transaction():
            return services.change_profile(current_user_id(), body)
