"""How people sign in, and how they add a further phone number or e-mail address."""

from typing import Any

from flask import Response, after_this_request, current_app, request
from flask.views import MethodView

from powerbank.api.auth import UnauthenticatedError, current_user_id, require_user, user_only
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
from powerbank.auth.tokens import REFRESH_LIFETIME
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError, InvalidFieldsError
from powerbank.users import identifiers
from powerbank.users.models import User
from powerbank.users.schemas import UserSchema

blueprint = Blueprint("Sign-in", __name__, url_prefix="/api/auth", description="One-time codes and tokens.")
identifier_blueprint = Blueprint(
    "Identifiers", __name__, url_prefix="/api/users/me", description="How a person signs in."
)

# The refresh token of a client in a browser is in a cookie that no script reads. Only the routes below get it, and they
# look at it only where the header is there, which a page of another origin cannot send.
COOKIE, PLACE = "powerbank_refresh", "Refresh-Token-Place"
takes_token_place = blueprint.doc(
    parameters=[
        {
            "name": PLACE,
            "in": "header",
            "schema": {"type": "string", "enum": ["body", "cookie"], "default": "body"},
            "description": "For clients in a browser: `cookie` keeps the refresh token in a cookie that no script can "
            "read. It is then in no body, neither of an answer nor of a request.",
        }
    ]
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
@takes_token_place
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
    return _place_token(outcome)


@blueprint.post("/register")
@takes_token_place
@blueprint.arguments(RegistrationSchema)
@blueprint.response(201, TokensSchema)
def register(body: dict[str, Any]) -> dict[str, Any]:
    """Make an account for a verified number or address"""
    with transaction():
        made = services.register(**body, language=wanted_language(), user_agent=request.headers.get("User-Agent"))
    return _place_token(made)


@blueprint.post("/refresh")
@takes_token_place
@blueprint.arguments(RefreshSchema)
@blueprint.response(200, TokensSchema)
def refresh(body: dict[str, str]) -> dict[str, Any]:
    """New tokens for a refresh token, which is spent by this

    If the answer is lost, the same token gives the same new refresh token once more within 30 seconds, unless that one
    has been used. A spent token that comes in any other way ends the whole sign-in.
    """
    token = _read_token(body)
    with transaction():
        tokens = sessions.refresh_session(token)
    if tokens is None:
        raise AppError("refresh_token_reused", 401, "This sign-in has ended. Sign in again.")
    return _place_token({"access_token": tokens.access_token, "refresh_token": tokens.refresh_token})


@blueprint.post("/logout")
@takes_token_place
@blueprint.arguments(RefreshSchema)
@blueprint.response(204)
def logout(body: dict[str, str]) -> None:
    """Sign out on this device"""
    token = _read_token(body)
    with transaction():
        sessions.end_session(token)
    _forget_cookie()


@blueprint.post("/logout-all")
@takes_token_place
@blueprint.arguments(RefreshSchema)
@blueprint.response(204)
def logout_all(body: dict[str, str]) -> None:
    """Sign out everywhere"""
    token = _read_token(body)
    with transaction():
        sessions.end_all_sessions(token)
    _forget_cookie()


def _wants_cookie() -> bool:
    return request.headers.get(PLACE) == "cookie"


def _read_token(body: dict[str, Any]) -> str:
    """Read the refresh token from where the client keeps it."""
    if _wants_cookie():
        if body["refresh_token"] is not None:
            raise InvalidFieldsError({"refresh_token": ["It is in the cookie."]})
        if not (kept := request.cookies.get(COOKIE)):
            raise UnauthenticatedError
        return kept[:200]
    if body["refresh_token"] is None:
        raise InvalidFieldsError({"refresh_token": ["Missing data for required field."]})
    token: str = body["refresh_token"]
    return token


def _place_token(answer: dict[str, Any]) -> dict[str, Any]:
    """Move the refresh token of an answer into the cookie, if the client wants it there."""
    token = answer.get("refresh_token")
    if token is None or not _wants_cookie():
        return answer
    _set_cookie_later(token, int(REFRESH_LIFETIME.total_seconds()))
    return {name: value for name, value in answer.items() if name != "refresh_token"}


def _forget_cookie() -> None:
    if _wants_cookie():
        _set_cookie_later("", 0)


def _set_cookie_later(token: str, seconds: int) -> None:
    secure = current_app.config["SETTINGS"].public_url.startswith("https://")

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(
            COOKIE, token, max_age=seconds, path="/api/auth", secure=secure, httponly=True, samesite="Strict"
        )
        return response


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
