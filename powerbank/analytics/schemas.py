"""What is asked of figures, and how they are answered."""

from typing import Any

from marshmallow import Schema, fields, validate

from powerbank.analytics.figures.figure import Area, Unit
from powerbank.analytics.outlook.models import PublicHoliday
from powerbank.analytics.screens.spans import Group, Range
from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.plain import PlainTable


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


class PublicHolidaySchema(Schema):
    id = fields.UUID(dump_only=True)
    day = fields.Date(required=True)
    name = fields.String(required=True, validate=validate.Length(1, 100))
    name_ne = fields.String(required=True, validate=validate.Length(1, 100))
    like_weekday = fields.Integer(
        load_default=6,
        validate=validate.Range(1, 7),
        metadata={"description": "the weekday on which people rent like this; Monday is 1, Saturday 6"},
    )


HOLIDAYS = PlainTable("holidays", PublicHoliday, PublicHolidaySchema, permission="analytics")


class ForecastArguments(Schema):
    station_sn = fields.String(required=True, validate=validate.Length(1, 64))


class ForecastHourSchema(Schema):
    at = Time(required=True)
    rentals = fields.Float(required=True, metadata={"description": "that people will want", "example": 1.4})
    returns = fields.Float(required=True, metadata={"example": 0.8})
    banks = fields.Float(required=True, metadata={"description": "that will be there", "example": 3.2})
    short_of_banks = fields.Float(required=True, metadata={"description": "wanted and not there", "example": 0.0})
    short_of_slots = fields.Float(required=True, metadata={"description": "returns without a place", "example": 0.0})


class ForecastErrorSchema(Schema):
    days = fields.Integer(required=True)
    rentals = fields.Integer(required=True)
    error_percent = fields.Float(required=True, allow_none=True, metadata={"example": 62.5})
    naive_error_percent = fields.Float(
        required=True, allow_none=True, metadata={"description": "of the same hour of last week", "example": 81.0}
    )
    beats_naive = Boolean(required=True, allow_none=True)


class ForecastSchema(Schema):
    station_sn = fields.String(required=True)
    made_for = fields.Date(required=True, allow_none=True, metadata={"description": "None: not enough is known yet"})
    hours = fields.List(fields.Nested(ForecastHourSchema), required=True)
    error = fields.Nested(ForecastErrorSchema, required=True, metadata={"description": "of the last four weeks"})


class LosingPlaceSchema(Schema):
    sn = fields.String(required=True)
    name = fields.String(required=True)
    city = fields.String(required=True)
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["empty", "full", "offline"]))
    lost_an_hour = Money(required=True, least=0)


class LosingPlaceListSchema(Schema):
    items = fields.List(fields.Nested(LosingPlaceSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class NamedStationSchema(Schema):
    sn = fields.String(required=True)
    name = fields.String(required=True)
    city = fields.String(required=True)


class WaySchema(Schema):
    taken_at = fields.Nested(NamedStationSchema, required=True)
    returned_at = fields.Nested(NamedStationSchema, required=True)
    returns = fields.Integer(required=True)


class WayListSchema(Schema):
    items = fields.List(fields.Nested(WaySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class FillInSchema(Schema):
    from_ = fields.Date(data_key="from", required=True)
    to = fields.Date(required=True)
