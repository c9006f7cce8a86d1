"""What a station was like over time, as staff see it."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Time
from powerbank.stations.availability.history import Period
from powerbank.stations.schemas import STATUS


class HistoryArguments(Schema):
    range = fields.String(load_default=Period.DAY, validate=validate.OneOf([*Period]))


class StretchSchema(Schema):
    status = fields.String(required=True, validate=STATUS)
    since = Time(required=True)
    until = Time(required=True)


class MomentSchema(Schema):
    at = Time(required=True)
    banks = fields.Integer(required=True)
    rentable = fields.Integer(required=True, metadata={"description": "Banks with enough charge to be rented out."})
    charge = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The mean of its banks, in percent."}
    )


class HistorySchema(Schema):
    since = Time(required=True)
    until = Time(required=True)
    status = fields.List(fields.Nested(StretchSchema), required=True, attribute="stretches")
    moments = fields.List(fields.Nested(MomentSchema), required=True)
    online_share = fields.Float(
        required=True, allow_none=True, metadata={"description": "Of the time whose status is known."}
    )
