"""A further phone number or e-mail address, proved by a code."""

from typing import Any

from flask.views import MethodView

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.rate_limits import caller_address
from powerbank.auth.people import linking, otp
from powerbank.auth.people.routes import CodeSchema
from powerbank.base.db import transaction
from powerbank.users.models import User
from powerbank.users.schemas import UserSchema

blueprint = Blueprint("Identifiers", __name__, url_prefix="/api/users/me", description="How a person signs in.")


@blueprint.route("/identifiers")
class Identifiers(MethodView):
    @user_only
    @blueprint.arguments(CodeSchema)
    @blueprint.response(200, UserSchema)
    def post(self, body: dict[str, Any]) -> User:
        """Add the phone or e-mail that the code was sent to, or put it in the place of the one before"""
        with transaction():
            # Committed whatever comes of it, so that each try counts and a right code works once.
            outcome = linking.link(current_user_id(), body["challenge_id"], body["code"], at=caller_address())
        if outcome is None:
            raise otp.WrongCodeError
        if not isinstance(outcome, User):
            raise outcome
        return outcome
