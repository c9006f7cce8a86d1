from marshmallow import Schema, fields, validate

from powerbank.admin.search.finders import FINDERS, LONGEST, SHORTEST


class SearchArguments(Schema):
    q = fields.String(
        required=True,
        validate=validate.Length(SHORTEST, LONGEST),
        metadata={
            "description": "Beginning of a name, phone number, e-mail address, station, serial, rental code or coupon; "
            "or the whole reference of a payment, or an id."
        },
    )


class HitSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf([*FINDERS]))
    id = fields.String(required=True, metadata={"description": "Of a station its number, of a power bank its serial."})
    name = fields.String(required=True)
    about = fields.String(required=True)
    state = fields.String(required=True)


class HitsSchema(Schema):
    items = fields.List(fields.Nested(HitSchema), required=True)
