from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_dump, validate

NAME = [validate.Length(1, 80), validate.Regexp(r"^[^\x00-\x1f<>]*\Z")]
TEXT = [validate.Length(1, 200), validate.Regexp(r"^[^\x00-\x1f<>]*\Z")]


def _plausible_birth(value: date) -> None:
    if not date(1900, 1, 1) <= value <= date.today():  # noqa: DTZ011 (a day either way is fine)
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
    auto_collect_dues = fields.Boolean()
    email = fields.String(dump_only=True, allow_none=True)
    phone = fields.String(dump_only=True, allow_none=True)
    avatar_url = fields.String(dump_only=True, allow_none=True)
    profile_complete = fields.Boolean(dump_only=True)
    kyc_status = fields.String(dump_only=True)
    referral_code = fields.String(dump_only=True)
    status = fields.String(dump_only=True)

    @post_dump
    def _not_yet(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"avatar_url": None, "kyc_status": "none"} | data
