"""The schemas of rentals, as their person sees them."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.language import wanted_language
from powerbank.api.paging import PageArguments
from powerbank.api.translations import translate
from powerbank.api.uploads import PhotoField
from powerbank.base import money
from powerbank.payments.options.methods import PAYABLE
from powerbank.rentals.blocked_returns.schemas import BlockedReturnSchema
from powerbank.rentals.disputes.models import IssueType
from powerbank.rentals.states import Status
from powerbank.stations.issues.schemas import PHOTO

SERIAL = validate.Length(1, 64)


class InitiateSchema(Schema):
    station_sn = fields.String(required=True, validate=SERIAL)
    package_id = fields.UUID(required=True)
    payment_method = fields.String(required=True, validate=validate.OneOf([*PAYABLE]))
    coupon_code = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 40))


class InitiatedSchema(Schema):
    rental_id = fields.UUID(required=True, attribute="id")
    status = fields.String(required=True, validate=validate.OneOf([*Status]))


class ExtendSchema(Schema):
    package_id = fields.UUID(required=True)
    payment_method = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*PAYABLE]))


class RentalIssueSchema(Schema):
    issue_type = fields.String(required=True, validate=validate.OneOf([*IssueType]))
    description = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 2000))
    photo = PhotoField(load_default=None, allow_none=True, metadata=PHOTO)


class RentalLocationSchema(Schema):
    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lng = fields.Float(required=True, validate=validate.Range(-180, 180))
    accuracy = fields.Float(load_default=None, allow_none=True, validate=validate.Range(0, 100_000))


class WaitArguments(Schema):
    wait = fields.Integer(load_default=0, validate=validate.Range(0, 25))
    since = fields.Integer(load_default=0, validate=validate.Range(0, 2**31))


class RentalArguments(PageArguments):
    status = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*Status]))


class RequirementSchema(Schema):
    code = fields.String(required=True, metadata={"description": "As the refusal of a start has it."})
    detail = fields.Function(lambda refusal: translate(refusal.detail, wanted_language()), metadata={"type": "string"})
    due_amount = fields.Function(
        lambda refusal: refusal.data.get("due_amount"),
        metadata={"type": ["string", "null"], "description": "What has to be paid, of `outstanding_due`."},
    )


class RequirementsSchema(Schema):
    may_rent = Boolean(required=True)
    missing = fields.List(
        fields.Nested(RequirementSchema), required=True, metadata={"description": "In the order to put it right."}
    )


class RentalPlaceSchema(Schema):
    sn = fields.String(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)


class RentedPackageSchema(Schema):
    id = fields.UUID(required=True, attribute="package_id")
    name = fields.String(required=True, attribute="package_name")
    duration_minutes = fields.Integer(required=True)
    price = Money(required=True)
    payment_model = fields.String(required=True)
    unit_minutes = fields.Integer(required=True, allow_none=True)
    unit_price = Money(required=True, allow_none=True)


class RentalTermsSchema(Schema):
    """What was agreed on when the rental began."""

    overdue_rate_per_hour = Money(required=True, attribute="overdue_rate")
    overdue_grace_minutes = fields.Integer(required=True)
    overdue_cap_per_day = Money(required=True, allow_none=True, attribute="overdue_cap")
    replacement_price = Money(required=True)
    lost_after_days = fields.Integer(required=True)
    deposit = Money(required=True, metadata={"description": "Held while a postpaid rental lasts."})
    cancel_until = Time(
        required=True, allow_none=True, metadata={"description": "Brought back until then it is free, once a day."}
    )


class RentalEventSchema(Schema):
    at = Time(required=True)
    event = fields.String(required=True)
    detail = fields.Dict(required=True)


class RentalSchema(Schema):
    id = fields.UUID(required=True, attribute="rental.id")
    rental_code = fields.String(required=True, attribute="rental.code")
    status = fields.String(required=True, attribute="rental.status", validate=validate.OneOf([*Status]))
    version = fields.Integer(required=True, attribute="rental.version")
    station = fields.Nested(RentalPlaceSchema, required=True)
    return_station = fields.Nested(RentalPlaceSchema, required=True, allow_none=True)
    package = fields.Nested(RentedPackageSchema, required=True, attribute="rental")
    payment_method = fields.String(required=True, attribute="rental.payment_method")
    powerbank_sn = fields.String(required=True)
    slot_number = fields.Integer(required=True, attribute="rental.slot_number")
    created_at = Time(required=True, attribute="rental.created_at")
    started_at = Time(required=True, allow_none=True, attribute="rental.started_at")
    due_at = Time(required=True, allow_none=True, attribute="rental.due_at")
    ended_at = Time(required=True, allow_none=True, attribute="rental.ended_at")
    discount = Money(required=True, attribute="rental.discount")
    reservation_credit = Money(
        required=True,
        attribute="rental.reservation_credit",
        metadata={"description": "What was paid for keeping the power bank, and counts towards the price."},
    )
    amount_paid = Money(required=True)
    usage_amount = Money(required=True, metadata={"description": "What the time so far costs, if paid afterwards."})
    overdue_amount = Money(required=True)
    due_amount = Money(required=True)
    currency = fields.Constant(money.NPR, metadata={"type": "string"})
    terms = fields.Nested(RentalTermsSchema, required=True)
    is_returned_on_time = Boolean(required=True, allow_none=True, attribute="rental.is_returned_on_time")
    pause = fields.Nested(
        BlockedReturnSchema,
        required=True,
        allow_none=True,
        metadata={"description": "the time for which the meter stands still, while it does or where it was used"},
    )
    cancel_requested_at = Time(required=True, allow_none=True, attribute="rental.cancel_requested_at")
    swap_of = fields.UUID(required=True, allow_none=True, attribute="rental.swap_of")


class RentalDetailSchema(RentalSchema):
    timeline = fields.List(fields.Nested(RentalEventSchema), required=True)


class RentalsSchema(Schema):
    items = fields.List(fields.Nested(RentalSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class RentalCaseSchema(Schema):
    id = fields.UUID(required=True)
    rental_id = fields.UUID(required=True)
    issue_type = fields.String(required=True, validate=validate.OneOf([*IssueType]))
    description = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    reported_at = Time(required=True)
    decided_at = Time(required=True, allow_none=True)
    decision = fields.String(required=True, allow_none=True)


class PaidDuesSchema(Schema):
    rental_id = fields.UUID(required=True)
    paid = Money(required=True)
    due_amount = Money(required=True)
    currency = fields.Constant(money.NPR, metadata={"type": "string"})
