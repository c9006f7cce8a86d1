"""How people sign in, and how they add a further phone number or e-mail address."""

from typing import Any

from flask import request
from flask.views import MethodView

from powerbank.api.auth import current_user_id, require_user, user_only
from powerbank.api.language import wanted_language
from powerbank.api.openapi import Blueprint
from powerbank.api.rate_limits import caller_address
from powerbank.auth.people import otp, requesters, services, sessions
from powerbank.auth.people.schemas import (
    ChallengeSchema,
    CodeSchema,
    OtpRequestSchema,
    RefreshSchema,
    RegistrationSchema,
    TokensSchema,
    VerifiedSchema,
)
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.users import identifiers
from powerbank.users.models import User
from powerbank.users.schemas import UserSchema

blueprint = Blueprint("Sign-in", __name__, url_prefix="/api/auth", description="One-time codes and tokens.")
identifier_blueprint = Blueprint(
    "Identifiers", __name__, url_prefix="/api/users/me", description="How a person signs in."
)


@blueprint.post("/get-otp")
@blueprint.arguments(OtpRequestSchema)
@blueprint.response(202, ChallengeSchema)
def get_otp(body: dict[str, Any]) -> dict[str, Any]:
    """Send a code; the answer is the same whether or not there is an account

    The purpose `link` needs an access token: the code is then of use to that person only.
    """
    requested_by = require_user() if body["purpose"] == otp.LINK else None
    contact, ip_address = identifiers.parse_contact_address(body["identifier"]), caller_address()
    standing = requesters.find_standing(contact, ip_address=ip_address, device_token=body["device_token"], now=utcnow())
    with otp.limited_code_request(contact, ip_address, standing), transaction():
        challenge = otp.create_challenge(
            contact=contact,
            purpose=body["purpose"],
            language=wanted_language(),
            requested_by=requested_by,
            standing=standing,
        )
    return {"challenge_id": challenge.id, "expires_in": otp.VALID_SECONDS, "resend_in": otp.RESEND_SECONDS}


@blueprint.post("/verify-otp")
@blueprint.arguments(CodeSchema)
@blueprint.response(200, VerifiedSchema)
def verify_otp(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a code, or learn that there is no account yet"""
    with transaction():
        outcome = services.sign_in(
            body["challenge_id"],
            body["code"],
            ip_address=caller_address(),
            user_agent=request.headers.get("User-Agent"),
        )
    if isinstance(outcome, AppError):
        raise outcome
    return outcome


@blueprint.post("/register")
@blueprint.arguments(RegistrationSchema)
@blueprint.response(201, TokensSchema)
def register(body: dict[str, Any]) -> dict[str, Any]:
    """Make an account for a verified number or address"""
    with transaction():
        return services.register(**body, language=wanted_language(), user_agent=request.headers.get("User-Agent"))


@blueprint.post("/refresh")
@blueprint.arguments(RefreshSchema)
@blueprint.response(200, TokensSchema)
def refresh(body: dict[str, str]) -> dict[str, Any]:
    """New tokens for a refresh token, which is spent by this

    If the answer is lost, the same token gives the same new refresh token once more within 30 seconds, unless that one
    has been used. A spent token that comes in any other way ends the whole sign-in.
    """
    with transaction():
        tokens = sessions.refresh_session(body["refresh_token"])
    if tokens is None:
        raise AppError("refresh_token_reused", 401, "This sign-in has ended. Sign in again.")
    return {"access_token": tokens.access_token, "refresh_token": tokens.refresh_token}


@blueprint.post("/logout")
@blueprint.arguments(RefreshSchema)
@blueprint.response(204)
def logout(body: dict[str, str]) -> None:
    """Sign out on this device"""
    with transaction():
        sessions.end_session(body["refresh_token"])


@blueprint.post("/logout-all")
@blueprint.arguments(RefreshSchema)
@blueprint.response(204)
def logout_all(body: dict[str, str]) -> None:
    """Sign out everywhere"""
    with transaction():
        sessions.end_all_sessions(body["refresh_token"])


@identifier_blueprint.route("/identifiers")
class Identifiers(MethodView):
    @user_only
    @identifier_blueprint.arguments(CodeSchema)
    @identifier_blueprint.response(200, UserSchema)
    def post(self, body: dict[str, Any]) -> User:
        """Add the phone or e-mail that the code was sent to, or put it in the place of the one before"""
        with transaction():
            outcome = services.link_contact(
                current_user_id(), body["challenge_id"], body["code"], ip_address=caller_address()
            )
        if isinstance(outcome, AppError):
            raise outcome
        return outcome
