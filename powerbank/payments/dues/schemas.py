from marshmallow import Schema, fields, validate

from powerbank.api.fields import Money, Time
from powerbank.api.paging import PageArguments
from powerbank.base import money
from powerbank.ledger.wallet_models import DueCause, Progress
from powerbank.payments.options.methods import PAYABLE


class AboutSchema(Schema):
    kind = fields.String(required=True)
    id = fields.String(required=True)


class DueSchema(Schema):
    id = fields.UUID(required=True, attribute="due.id")
    cause = fields.String(required=True, attribute="due.cause", validate=validate.OneOf([*DueCause]))
    about = fields.Nested(
        AboutSchema,
        required=True,
        attribute="due.about",
        metadata={"description": "The rental, or the transaction of the top-up."},
    )
    amount = Money(required=True, attribute="due.amount")
    left = Money(required=True, attribute="due.left")
    currency = fields.Constant(money.NPR, metadata={"type": "string"})
    status = fields.String(required=True, attribute="due.status", validate=validate.OneOf([*Progress]))
    created_at = Time(required=True, attribute="due.created_at")
    collected_from = Time(
        required=True,
        allow_none=True,
        metadata={"description": "From then on it is taken from whatever comes into the wallet."},
    )


class DueArguments(PageArguments):
    status = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*Progress]))


class PaymentMethodSchema(Schema):
    payment_method = fields.String(required=True, validate=validate.OneOf([*PAYABLE]))


class DuePaidSchema(Schema):
    id = fields.UUID(required=True)
    paid = Money(required=True)
    left = Money(required=True)
    currency = fields.Constant(money.NPR, metadata={"type": "string"})
    transaction_id = fields.UUID(required=True)


class StaffDueArguments(DueArguments):
    user_id = fields.UUID(load_default=None, allow_none=True)
    cause = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*DueCause]))


class StaffDueSchema(DueSchema):
    user_id = fields.UUID(required=True, attribute="due.user_id")
    paid = Money(required=True, attribute="due.paid")
    waived = Money(required=True, attribute="due.waived")
    closed_at = Time(required=True, allow_none=True, attribute="due.closed_at")


class WaiveSchema(Schema):
    amount = Money(required=True)
    reason = fields.String(required=True, validate=validate.Length(3, 500))
