"""How people sign in."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import current_app, request
from itsdangerous import BadSignature
from marshmallow import Schema, fields, pre_load, validate
from sqlalchemy.exc import DBAPIError

from powerbank.api.auth import require_user
from powerbank.api.fields import Boolean
from powerbank.api.language import wanted_language
from powerbank.api.openapi import Blueprint
from powerbank.api.rate_limits import caller_address
from powerbank.auth.people import otp, requesters, sessions
from powerbank.auth.people.sessions import Tokens
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.base.signed_texts import TimedSerializer
from powerbank.users import identifiers
from powerbank.users import services as users
from powerbank.users.models import User
from powerbank.users.schemas import NAME, UserSchema

blueprint = Blueprint("Sign-in", __name__, url_prefix="/api/auth", description="One-time codes and tokens.")

REGISTER_WITHIN = timedelta(minutes=15)


class OtpRequestSchema(Schema):
    identifier = fields.String(required=True, validate=validate.Length(3, 254))
    purpose = fields.String(load_default="login", validate=validate.OneOf(["login", "register", "link"]))
    device_token = fields.String(
        load_default=None,
        allow_none=True,
        load_only=True,
        validate=validate.Length(max=400),
        metadata={"description": "As `verify-otp` gave it to this device; what strangers ask for does not count then."},
    )

    @pre_load
    def _older_name(self, data: Any, **_: Any) -> Any:
        if isinstance(data, dict) and "email_or_phone" in data and "identifier" not in data:
            data = {**data, "identifier": data["email_or_phone"]}
            del data["email_or_phone"]
        return data


class ChallengeSchema(Schema):
    challenge_id = fields.UUID(required=True)
    expires_in = fields.Integer(required=True)
    resend_in = fields.Integer(required=True)


class CodeSchema(Schema):
    challenge_id = fields.UUID(required=True)
    code = fields.String(required=True, load_only=True, validate=validate.Regexp(r"^[0-9]{6}\Z"))


class TokensSchema(Schema):
    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    user = fields.Nested(UserSchema)


class VerifiedSchema(Schema):
    registered = Boolean(required=True)
    device_token = fields.String(
        required=True, metadata={"description": "For the next `get-otp` of this number on this device. No secret code."}
    )
    access_token = fields.String()
    refresh_token = fields.String()
    user = fields.Nested(UserSchema)
    verification_token = fields.String()


class RegistrationSchema(Schema):
    verification_token = fields.String(required=True, load_only=True, validate=validate.Length(max=1000))
    username = fields.String(required=True, validate=validate.Length(3, 30))
    first_name = fields.String(load_default=None, allow_none=True, validate=NAME)
    last_name = fields.String(load_default=None, allow_none=True, validate=NAME)
    referral_code = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))


class RefreshSchema(Schema):
    refresh_token = fields.String(required=True, load_only=True, validate=validate.Length(1, 200))


@blueprint.post("/get-otp")
@blueprint.arguments(OtpRequestSchema)
@blueprint.response(202, ChallengeSchema)
def get_otp(body: dict[str, Any]) -> dict[str, Any]:
    """Send a code; the answer is the same whether or not there is an account

    The purpose `link` needs an access token: the code is then of use to that person only.
    """
    asker = require_user() if body["purpose"] == otp.LINK else None
    address = identifiers.parse_contact_address(body["identifier"])
    standing = requesters.standing_of(
        address, address=caller_address(), device_token=body["device_token"], now=utcnow()
    )
    otp.limit_asking(address, caller_address(), standing)
    try:
        with transaction():
            challenge = otp.ask(
                address=address, purpose=body["purpose"], language=wanted_language(), asker=asker, standing=standing
            )
    except DBAPIError:
        otp.forgive_asking(address, standing)
        raise
    return {"challenge_id": challenge.id, "expires_in": otp.VALID_SECONDS, "resend_in": otp.RESEND_SECONDS}


@blueprint.post("/verify-otp")
@blueprint.arguments(CodeSchema)
@blueprint.response(200, VerifiedSchema)
def verify_otp(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a code, or learn that there is no account yet"""
    with transaction():
        # Committed whatever the answer: a wrong code uses up a try, and a right one works once.
        challenge = otp.verify(body["challenge_id"], body["code"], at=caller_address())
        user = users.find_user_by_contact(otp.address_of(challenge)) if challenge else None
        blocked = user is not None and not users.may_sign_in(user)
        tokens = sessions.begin(user, user_agent=request.headers.get("User-Agent")) if user and not blocked else None
    if challenge is None:
        raise otp.WrongCodeError
    if blocked:
        raise AppError("account_blocked", 403, "This account is blocked.")
    known = {"device_token": requesters.device_token(otp.address_of(challenge))}
    if user is None or tokens is None:
        return known | {"registered": False, "verification_token": _serializer().dumps(str(challenge.id))}
    return known | {"registered": True, **_signed_in(tokens, user)}


@blueprint.post("/register")
@blueprint.arguments(RegistrationSchema)
@blueprint.response(201, TokensSchema)
def register(body: dict[str, Any]) -> dict[str, Any]:
    """Make an account for a verified number or address"""
    challenge_id = _read_verification(body.pop("verification_token"))
    with transaction():
        address = otp.address_of(otp.spend(challenge_id, within=REGISTER_WITHIN))
        user = users.create_user(address=address, language=wanted_language(), **body)
        tokens = sessions.begin(user, user_agent=request.headers.get("User-Agent"))
    return _signed_in(tokens, user)


@blueprint.post("/refresh")
@blueprint.arguments(RefreshSchema)
@blueprint.response(200, TokensSchema)
def refresh(body: dict[str, str]) -> dict[str, Any]:
    """New tokens for a refresh token, which is spent by this

    If the answer is lost, the same token gives the same new refresh token once more within 30 seconds, unless that one
    has been used. A spent token that comes in any other way ends the whole sign-in.
    """
    with transaction():
        tokens = sessions.refresh(body["refresh_token"])
    if tokens is None:
        raise AppError("refresh_token_reused", 401, "This sign-in has ended. Sign in again.")
    return {"access_token": tokens.access_token, "refresh_token": tokens.refresh_token}


@blueprint.post("/logout")
@blueprint.arguments(RefreshSchema)
@blueprint.response(204)
def logout(body: dict[str, str]) -> None:
    """Sign out on this device"""
    with transaction():
        sessions.end(body["refresh_token"])


@blueprint.post("/logout-all")
@blueprint.arguments(RefreshSchema)
@blueprint.response(204)
def logout_all(body: dict[str, str]) -> None:
    """Sign out everywhere"""
    with transaction():
        sessions.end_all(body["refresh_token"])


def _signed_in(tokens: Tokens, user: User) -> dict[str, Any]:
    return {"access_token": tokens.access_token, "refresh_token": tokens.refresh_token, "user": user}


def _read_verification(token: str) -> UUID:
    try:
        return UUID(_serializer().loads(token, max_age=int(REGISTER_WITHIN.total_seconds())))
    except (BadSignature, ValueError):
        raise AppError("verification_expired", 410, "Verify your number or address again.") from None


def _serializer() -> TimedSerializer:
    return TimedSerializer(current_app.config["SECRET_KEY"], salt="verification")
