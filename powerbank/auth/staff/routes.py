"""Sign staff in and out."""

from typing import Any

from flask import request
from flask.views import MethodView

from powerbank.api.openapi import Blueprint
from powerbank.api.rate_limits import caller_address
from powerbank.auth.staff import lockout, services
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.errors import WrongCredentialsError
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.schemas import StaffLoginSchema, StaffRefreshSchema, StaffTokensSchema
from powerbank.auth.tokens import ACCESS_LIFETIME, Tokens
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError

blueprint = Blueprint("Staff sign-in", __name__, url_prefix="/api/admin/auth", description="Staff accounts.")


@blueprint.route("/login")
class StaffLogin(MethodView):
    @blueprint.arguments(StaffLoginSchema)
    @blueprint.response(200, StaffTokensSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Sign a member of staff in; `totp_required` says that the password was right but a code is needed"""
        email, code = body["email"], body["totp"]
        lockout.count_try(email, caller_address(), code=code)
        proof = services.verify_password(email=email, password=body["password"])
        with transaction():
            signed_in = services.sign_in(
                email=email,
                proof=proof,
                code=code,
                kind="api",
                ip_address=request.remote_addr,
                user_agent=request.headers.get("User-Agent"),
                now=utcnow(),
            )
            tokens = staff_sessions.issue_tokens(signed_in.session, signed_in.member) if signed_in else None
        if signed_in is None or tokens is None:
            raise WrongCredentialsError
        lockout.forgive_tries(email, caller_address())
        return _describe_tokens(tokens, signed_in.member)


@blueprint.post("/refresh")
@blueprint.arguments(StaffRefreshSchema)
@blueprint.response(200, StaffTokensSchema)
def refresh(body: dict[str, str]) -> dict[str, Any]:
    """New tokens for a refresh token, which is spent by this

    If the answer is lost, the same token gives the same new refresh token once more within 30 seconds, unless that one
    has been used. A spent token that comes in any other way ends the whole sign-in.
    """
    with transaction():
        refreshed = staff_sessions.refresh_session(body["refresh_token"], now=utcnow())
    if refreshed is None:
        raise AppError("refresh_token_reused", 401, "This sign-in has ended. Sign in again.")
    return _describe_tokens(*refreshed)


@blueprint.post("/logout")
@blueprint.arguments(StaffRefreshSchema)
@blueprint.response(204)
def logout(body: dict[str, str]) -> None:
    """Sign out"""
    with transaction():
        staff_sessions.end_session_by_token(body["refresh_token"], now=utcnow())


def _describe_tokens(tokens: Tokens, member: StaffMember) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_type": "Bearer",
        "expires_in": int(ACCESS_LIFETIME.total_seconds()),
        "role": member.role,
        "roles": [member.role],
    }
