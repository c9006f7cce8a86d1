from collections.abc import Callable
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.uploads import PictureField
from powerbank.base.clock import local_day, utcnow
from powerbank.users import avatars

Rule = Callable[[Any], Any]

# Characters that turn the direction of writing would make a text look like another one.
_PLAIN = validate.Regexp(r"^[^\x00-\x1f\x7f<>\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*\Z")


def _says_something(value: str) -> None:
    """Refuse blanks, dots and characters without width, which are no name and no address."""
    if not any(sign.isalnum() for sign in value):
        raise ValidationError("Write letters or digits.")


NAME: list[Rule] = [validate.Length(1, 80), _PLAIN, _says_something]
TEXT: list[Rule] = [validate.Length(1, 200), _PLAIN, _says_something]


def _plausible_birth(value: date) -> None:
    if not date(1900, 1, 1) <= value <= local_day(utcnow()):
        raise ValidationError("Not a date of birth.")


class UserSchema(Schema):
    id = fields.UUID(dump_only=True)
    username = fields.String(validate=validate.Length(3, 30))
    first_name = fields.String(allow_none=True, validate=NAME)
    last_name = fields.String(allow_none=True, validate=NAME)
    date_of_birth = fields.Date(allow_none=True, validate=_plausible_birth)
    address = fields.String(allow_none=True, validate=TEXT)
    city = fields.String(allow_none=True, validate=NAME)
    language = fields.String(validate=validate.OneOf(["en", "ne"]))
    auto_collect_dues = Boolean()
    email = fields.String(dump_only=True, allow_none=True)
    phone = fields.String(dump_only=True, allow_none=True)
    avatar_url = fields.Function(avatars.avatar_url, dump_only=True, metadata={"type": ["string", "null"]})
    profile_complete = Boolean(dump_only=True)
    kyc_status = fields.String(dump_only=True)
    referral_code = fields.String(dump_only=True)
    status = fields.String(dump_only=True)


class AvatarSchema(Schema):
    picture = PictureField(required=True)


class UsageSchema(Schema):
    rentals = fields.Integer(required=True)
    minutes = fields.Integer(required=True)
    spend = Money(required=True)
    currency = fields.String(required=True)
    points = fields.Integer(required=True)


class MyCodeSchema(Schema):
    code = fields.String(required=True, attribute="referral_code")


class CodeArguments(Schema):
    code = fields.String(required=True, validate=validate.Length(1, 20))


class CodeAnswerSchema(Schema):
    code = fields.String(required=True)
    valid = Boolean(required=True)


class InviteeSchema(Schema):
    username = fields.String(required=True, allow_none=True, attribute="public_name")  # none of who has left


class ReferralSchema(Schema):
    id = fields.UUID(required=True)
    status = fields.String(required=True)
    invitee = fields.Nested(InviteeSchema, required=True)
    created_at = Time(required=True)
    expires_at = Time(required=True)
