"""The schemas of refused starts, as staff see them."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Money, Time
from powerbank.api.paging import PageArguments
from powerbank.base import money

TEXT = validate.Length(1, 64)


class RefusedStartArguments(PageArguments):
    station_sn = fields.String(load_default=None, allow_none=True, validate=TEXT)
    reason = fields.String(
        load_default=None, allow_none=True, validate=TEXT, metadata={"description": "The code of the refusal."}
    )
    user_id = fields.UUID(load_default=None, allow_none=True)
    since = Time(load_default=None, allow_none=True)
    until = Time(load_default=None, allow_none=True)


class RefusedStartSchema(Schema):
    id = fields.UUID(required=True)
    at = Time(required=True)
    user_id = fields.UUID(required=True)
    station_sn = fields.String(
        required=True, metadata={"description": "As it was asked for: there may be no such station."}
    )
    reason = fields.String(required=True, metadata={"description": "The code of the refusal."})
    value = Money(required=True, metadata={"description": "What the package would have brought at least."})
    currency = fields.Constant(money.NPR, metadata={"type": "string"})
