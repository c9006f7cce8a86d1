from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.ledger.schemas import WalletSchema
from powerbank.payments.dues.schemas import DueSchema
from powerbank.points.schemas import PointsSchema
from powerbank.rentals.staff.schemas import AdminRentalSchema
from powerbank.users.models import AccountStatus, IdentifierKind
from powerbank.users.schemas import TEXT

# What staff may set. Only its own person deletes an account.
SETTABLE = [AccountStatus.ACTIVE.value, AccountStatus.SUSPENDED.value, AccountStatus.BANNED.value]


class UserArguments(PageArguments):
    q = fields.String(
        load_default=None,
        validate=validate.Length(2, 100),
        metadata={"description": "Beginning of the user name, the name, a phone number or an e-mail address."},
    )
    status = fields.String(load_default=None, validate=validate.OneOf(SETTABLE))
    kyc_status = fields.String(load_default=None, validate=validate.OneOf(["none", "pending", "approved", "rejected"]))


class UserRowSchema(Schema):
    id = fields.UUID(required=True)
    username = fields.String(required=True)
    first_name = fields.String(required=True, allow_none=True)
    last_name = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    kyc_status = fields.String(required=True)
    created_at = Time(required=True)


class IdentifierSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf([*IdentifierKind]))
    value = fields.String(required=True)
    verified_at = Time(required=True)


class UserDetailSchema(UserRowSchema):
    date_of_birth = fields.Date(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    city = fields.String(required=True, allow_none=True)
    language = fields.String(required=True)
    auto_collect_dues = Boolean(required=True)
    profile_complete = Boolean(required=True)
    referral_code = fields.String(required=True)
    identifiers = fields.List(fields.Nested(IdentifierSchema), required=True)
    sessions = fields.Integer(required=True, metadata={"description": "Devices signed in."})
    wallet = fields.Nested(WalletSchema, required=True)
    points = fields.Nested(PointsSchema, required=True)
    dues = fields.List(fields.Nested(DueSchema), required=True)
    rentals = fields.List(fields.Nested(AdminRentalSchema), required=True, metadata={"description": "The newest ten."})


class StatusChangeSchema(Schema):
    status = fields.String(required=True, validate=validate.OneOf(SETTABLE))
    reason = fields.String(required=True, validate=[validate.Length(1, 500), *TEXT[1:]])


class AuditArguments(PageArguments):
    actor = fields.String(load_default=None, validate=validate.Length(1, 200))
    action = fields.String(load_default=None, validate=validate.Length(1, 200))
    object_kind = fields.String(load_default=None, validate=validate.Length(1, 200))
    object_id = fields.String(load_default=None, validate=validate.Length(1, 200))
    since = Time(load_default=None)
    until = Time(load_default=None)
    exports = Boolean(
        load_default=None, metadata={"description": "Only what was taken out as a file, or only what was not."}
    )


class AuditEntrySchema(Schema):
    id = fields.UUID(required=True)
    at = Time(required=True)
    actor = fields.String(required=True)
    action = fields.String(required=True)
    object_kind = fields.String(required=True)
    object_id = fields.String(required=True)
    old = fields.Dict(required=True, allow_none=True)
    new = fields.Dict(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    user_agent = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)
