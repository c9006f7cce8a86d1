from typing import Any

from flask import request
from flask.views import MethodView

from powerbank.api.openapi import Blueprint
from powerbank.api.rate_limits import forgive, hit_or_refuse
from powerbank.auth import services
from powerbank.auth.schemas import StaffLoginSchema, StaffTokensSchema

blueprint = Blueprint("Staff sign-in", __name__, url_prefix="/api/admin/auth", description="Staff accounts.")

PER_ADDRESS, PER_ACCOUNT = "20 per 15 minute", "10 per 15 minute"


@blueprint.route("/login")
class StaffLogin(MethodView):
    @blueprint.arguments(StaffLoginSchema)
    @blueprint.response(200, StaffTokensSchema)
    def post(self, body: dict[str, str]) -> dict[str, Any]:
        """Sign a member of staff in"""
        limit_sign_ins(body["email"])
        member = services.sign_in(email=body["email"], password=body["password"])
        forgive_sign_ins(body["email"])
        return {
            "access_token": services.access_token(member),
            "token_type": "Bearer",
            "expires_in": services.ACCESS_SECONDS,
            "role": member.role,
        }


def limit_sign_ins(email: str) -> None:
    hit_or_refuse(PER_ADDRESS, "sign-in", request.remote_addr or "unknown")
    hit_or_refuse(PER_ACCOUNT, "sign-in", email.strip().lower())


def forgive_sign_ins(email: str) -> None:
    """Only wrong passwords count towards the lockout of an account."""
    forgive(PER_ACCOUNT, "sign-in", email.strip().lower())
