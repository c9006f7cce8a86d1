"""What is asked of figures, and how they are answered."""

from typing import Any

from marshmallow import Schema, fields, validate

from powerbank.analytics.figures import Area, Unit
from powerbank.analytics.spans import Group, Range
from powerbank.api.fields import Time


class FilterSchema(Schema):
    station_sn = fields.String(load_default=None, validate=validate.Length(1, 64))
    city = fields.String(load_default=None, validate=validate.Length(1, 100))
    partner_id = fields.UUID(load_default=None)
    package_id = fields.UUID(load_default=None)


class SpanArguments(FilterSchema):
    range_ = fields.String(
        data_key="range",
        load_default=None,
        validate=validate.OneOf([*Range]),
        metadata={"description": "up to this hour; 7d unless said, or from and to"},
    )
    from_ = fields.Date(data_key="from", load_default=None, metadata={"description": "the first day"})
    to = fields.Date(load_default=None, metadata={"description": "the last day"})
    group = fields.String(load_default=None, validate=validate.OneOf([*Group]))


class RangeSchema(Schema):
    name = fields.String(required=True, metadata={"example": "7d"})
    since = Time(required=True, data_key="from", attribute="since")
    until = Time(required=True, data_key="to", attribute="until")
    group = fields.String(required=True, validate=validate.OneOf([*Group]))
    timezone = fields.String(required=True, metadata={"example": "Asia/Kathmandu"})


_FIGURES: dict[str, Any] = {
    "description": "Figures by the names of the definitions: money as strings, counts and the rest as numbers.",
    "example": {"revenue": "15230.00", "rentals_started": 318},
}


class AnswerSchema(Schema):
    range_ = fields.Nested(RangeSchema, required=True, data_key="range", attribute="range")
    as_of = Time(required=True, allow_none=True, metadata={"description": "when its newest figures were made"})
    currency = fields.String(required=True)
    totals = fields.Dict(required=True, metadata=_FIGURES)
    previous = fields.Dict(required=True, metadata=_FIGURES)
    series = fields.List(fields.Dict(), required=True, metadata={"description": "Pieces: `at`, and figures."})
    top = fields.List(fields.Dict(), required=True, metadata={"description": "What stands out, with its figures."})


class TextSchema(Schema):
    en = fields.String(required=True)
    ne = fields.String(required=True)


class DefinitionSchema(Schema):
    name = fields.String(required=True, metadata={"example": "rentals_started"})
    area = fields.String(required=True, validate=validate.OneOf([*Area]))
    unit = fields.String(required=True, validate=validate.OneOf([*Unit]))
    title = fields.Nested(TextSchema, required=True)
    meaning = fields.Nested(TextSchema, required=True)
    made_from = fields.String(required=True, metadata={"description": "the expression that computes it"})
    filters = fields.List(fields.String(), required=True, metadata={"description": "of whom it can be asked for"})


class DefinitionListSchema(Schema):
    items = fields.List(fields.Nested(DefinitionSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class FillInSchema(Schema):
    from_ = fields.Date(data_key="from", required=True)
    to = fields.Date(required=True)
