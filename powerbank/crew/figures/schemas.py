"""The figures of the crew's work, as staff read them."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Money, Time
from powerbank.crew.figures.queries import DAYS


class CrewFiguresArguments(Schema):
    days = fields.Integer(load_default=DAYS[0], validate=validate.OneOf(DAYS))


class CrewFiguresOfKindSchema(Schema):
    kind = fields.String(required=True)
    done = fields.Integer(required=True)
    not_needed = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    seconds_to_done = fields.Integer(
        required=True, allow_none=True, metadata={"description": "from when it was made; half of them took less"}
    )
    moved = fields.Integer(required=True, metadata={"description": "power banks brought and taken"})


class CrewFiguresSchema(Schema):
    since = Time(required=True)
    until = Time(required=True)
    done = fields.Integer(required=True)
    moved = fields.Integer(required=True)
    claimed = fields.Integer(required=True)
    no_shows = fields.Integer(required=True, metadata={"description": "claims that ran out"})
    cost = Money(required=True, least=None)
    rentals_saved = fields.Integer(required=True)
    cost_per_rental = Money(required=True, allow_none=True)
    kinds = fields.List(fields.Nested(CrewFiguresOfKindSchema), required=True)
