"""The schemas of rentals, as staff see them."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.paging import PageArguments
from powerbank.rentals.schemas import RentalCaseSchema, RentalSchema
from powerbank.rentals.staff.resolution import Action
from powerbank.rentals.staff.troubles import Trouble
from powerbank.rentals.states import Status

TEXT = validate.Length(1, 64)
LONGEST_GIFT = 7 * 24 * 60  # minutes


class SearchArguments(PageArguments):
    status = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*Status]))
    user_id = fields.UUID(load_default=None, allow_none=True)
    station_sn = fields.String(load_default=None, allow_none=True, validate=TEXT)
    powerbank_sn = fields.String(load_default=None, allow_none=True, validate=TEXT)
    code = fields.String(load_default=None, allow_none=True, validate=TEXT)
    disputed = Boolean(load_default=False)
    trouble = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*Trouble]))
    since = Time(load_default=None, allow_none=True)
    until = Time(load_default=None, allow_none=True)


class RentalResolutionSchema(Schema):
    action = fields.String(required=True, validate=validate.OneOf([*Action]))
    reason = fields.String(required=True, validate=validate.Length(3, 500))
    amount = Money(load_default=None, allow_none=True, metadata={"description": "For `refund`, `charge`."})
    at = Time(load_default=None, allow_none=True, metadata={"description": "For `complete`: when it came back."})
    case_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "For `uphold` and `dismiss`."})
    minutes = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, LONGEST_GIFT),
        metadata={"description": "For `extend`: by how much the due time moves."},
    )


class AdminRentalSchema(RentalSchema):
    user_id = fields.UUID(required=True, attribute="rental.user_id")
    came_late = Boolean(required=True, attribute="rental.came_late")
    settled_at = Time(required=True, allow_none=True, attribute="rental.settled_at")


class AdminRentalsSchema(Schema):
    items = fields.List(fields.Nested(AdminRentalSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AdminRentalEventSchema(Schema):
    at = Time(required=True)
    noted_at = Time(required=True)
    event = fields.String(required=True)
    cause = fields.String(required=True)
    from_status = fields.String(required=True, allow_none=True)
    to_status = fields.String(required=True, allow_none=True)
    detail = fields.Dict(required=True)


class RentalCommandSchema(Schema):
    command_id = fields.UUID(required=True, attribute="id")
    status = fields.String(required=True)
    powerbank_sn = fields.String(required=True, attribute="serial")
    slot_number = fields.Integer(required=True)
    created_at = Time(required=True)
    sent_at = Time(required=True, allow_none=True)
    finished_at = Time(required=True, allow_none=True)
    response = fields.Dict(required=True, allow_none=True)


class RentalCustodySchema(Schema):
    place = fields.String(required=True)
    powerbank_sn = fields.String(required=True)
    station_sn = fields.String(required=True, allow_none=True)
    slot_number = fields.Integer(required=True, allow_none=True)
    rental_id = fields.UUID(required=True, allow_none=True)
    since = Time(required=True)
    until = Time(required=True, allow_none=True)
    cause = fields.String(required=True)


class StationWordSchema(Schema):
    station_sn = fields.String(required=True)
    received_at = Time(required=True)
    kind = fields.String(required=True)
    outcome = fields.String(required=True)
    slot_number = fields.Integer(required=True, allow_none=True)
    shows_bank = Boolean(
        required=True, allow_none=True, metadata={"description": "Of a snapshot: whether the power bank is in it."}
    )


class RentalHoldSchema(Schema):
    currency = fields.String(required=True)
    amount = fields.Integer(required=True, metadata={"description": "Paisa, or points."})
    left = fields.Integer(required=True)
    status = fields.String(required=True)


class RentalDueSchema(Schema):
    id = fields.UUID(required=True)
    amount = Money(required=True)
    paid = Money(required=True)
    waived = Money(required=True)
    status = fields.String(required=True)


class RentalPaymentSchema(Schema):
    id = fields.UUID(required=True)
    type = fields.String(required=True)
    status = fields.String(required=True)
    direction = fields.String(required=True)
    amount = Money(required=True)
    wallet = Money(required=True)
    points = fields.Integer(required=True)
    created_at = Time(required=True)


class LocationSchema(Schema):
    at = Time(required=True)
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)
    accuracy = fields.Float(required=True, allow_none=True)


class LocatedSchema(Schema):
    points = fields.Integer(required=True, metadata={"description": "The places themselves are a list of their own."})
    since = Time(required=True, allow_none=True)
    until = Time(required=True, allow_none=True)


class AdminRentalCaseSchema(RentalCaseSchema):
    evidence = fields.Dict(required=True)
    photos = fields.List(fields.String(), required=True)
    decided_by = fields.String(required=True, allow_none=True)


class AdminRentalDetailSchema(Schema):
    rental = fields.Nested(AdminRentalSchema, required=True)
    timeline = fields.List(fields.Nested(AdminRentalEventSchema), required=True)
    commands = fields.List(fields.Nested(RentalCommandSchema), required=True)
    custody = fields.List(fields.Nested(RentalCustodySchema), required=True)
    reports = fields.List(fields.Nested(StationWordSchema), required=True)
    payments = fields.List(fields.Nested(RentalPaymentSchema), required=True)
    holds = fields.List(fields.Nested(RentalHoldSchema), required=True)
    dues = fields.List(fields.Nested(RentalDueSchema), required=True)
    cases = fields.List(fields.Nested(AdminRentalCaseSchema), required=True)
    locations = fields.Nested(LocatedSchema, required=True)
