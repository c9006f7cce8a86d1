from typing import Any

from marshmallow import Schema, fields, validate

from powerbank.api.auth import current_staff
from powerbank.api.fields import Boolean, Time
from powerbank.api.language import LANGUAGES
from powerbank.api.paging import PageArguments
from powerbank.auth.staff.roles import Role

_PASSWORD = validate.Length(1, 1024)
_CODE = validate.Length(1, 40)
_ROLE = validate.OneOf([role.value for role in Role])
_LANGUAGE = validate.OneOf(LANGUAGES)


class StaffLoginSchema(Schema):
    email = fields.String(required=True, validate=validate.Length(3, 254))
    password = fields.String(required=True, load_only=True, validate=_PASSWORD)
    totp = fields.String(
        load_default=None,
        allow_none=True,
        load_only=True,
        validate=_CODE,
        metadata={"description": "Code of the authenticator app, or a recovery code."},
    )


class StaffTokensSchema(Schema):
    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    role = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)


class StaffRefreshSchema(Schema):
    refresh_token = fields.String(required=True, load_only=True, validate=validate.Length(1, 200))


class StaffSessionSchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["api", "console"]))
    device = fields.String(required=True, allow_none=True, attribute="user_agent")
    address = fields.String(required=True, allow_none=True)
    created_at = Time(required=True)
    last_used_at = Time(required=True)
    current = fields.Method("is_current", required=True, metadata={"type": "boolean"})

    def is_current(self, row: Any) -> bool:
        return bool(row.id == current_staff().session_id)


class PasswordSchema(Schema):
    current = fields.String(required=True, load_only=True, validate=_PASSWORD)
    new = fields.String(required=True, load_only=True, validate=_PASSWORD)


class EnrolmentSchema(Schema):
    secret = fields.String(required=True)
    otpauth_uri = fields.String(required=True)
    qr_svg = fields.String(required=True)


class TotpCodeSchema(Schema):
    code = fields.String(required=True, load_only=True, validate=_CODE)


class RecoveryCodesSchema(Schema):
    recovery_codes = fields.List(fields.String(), required=True)


class TotpRemovalSchema(TotpCodeSchema):
    password = fields.String(required=True, load_only=True, validate=_PASSWORD)


class StaffArguments(PageArguments):
    role = fields.String(load_default=None, validate=_ROLE)
    active = Boolean(load_default=None)


class LanguageSchema(Schema):
    language = fields.String(required=True, validate=_LANGUAGE, metadata={"description": "Of the mail to me."})


class NewStaffSchema(Schema):
    email = fields.Email(required=True, validate=validate.Length(max=254))
    role = fields.String(required=True, validate=_ROLE)
    language = fields.String(load_default="en", validate=_LANGUAGE)


class StaffChangeSchema(Schema):
    role = fields.String(validate=_ROLE)
    active = Boolean()
    language = fields.String(validate=_LANGUAGE)


class StaffSchema(Schema):
    id = fields.UUID(required=True)
    email = fields.String(required=True)
    role = fields.String(required=True)
    active = Boolean(required=True)
    language = fields.String(required=True, metadata={"description": "Of the mail to the member."})
    totp = Boolean(required=True, attribute="has_totp")
    locked_until = Time(required=True, allow_none=True)
    created_at = Time(required=True)


class StaffWithPasswordSchema(StaffSchema):
    password = fields.String(required=True, metadata={"description": "Told this once; to be changed at sign-in."})
