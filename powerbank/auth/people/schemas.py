from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from powerbank.api.fields import Boolean, Time
from powerbank.users.schemas import NAME, UserSchema


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
    def _accept_older_name(self, data: Any, **_: Any) -> Any:
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
    refresh_token = fields.String(metadata={"description": "Not where it is in a cookie."})
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
    refresh_token = fields.String(
        load_default=None,
        load_only=True,
        validate=validate.Length(1, 200),
        metadata={"description": "Required, unless it is in a cookie."},
    )


class OwnSignInSchema(Schema):
    id = fields.UUID(required=True, attribute="session.id")
    this_one = Boolean(
        required=True, attribute="is_this", metadata={"description": "Whether you are asking through it."}
    )
    user_agent = fields.String(
        required=True, allow_none=True, attribute="session.user_agent", metadata={"description": "What signed in."}
    )
    created_at = Time(required=True, attribute="session.created_at")
    seen_at = Time(required=True, metadata={"description": "When it last got new tokens."})
    ended_at = Time(required=True, allow_none=True, attribute="session.ended_at")
