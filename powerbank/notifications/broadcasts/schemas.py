"""The schemas of broadcasts."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Time
from powerbank.notifications.broadcasts.models import BroadcastStatus

LINE = validate.Regexp(r"^(?=\s*\S)[^\x00-\x1f]*\Z")
LINES = validate.Regexp(r"^(?=\s*\S)[^\x00-\x09\x0b-\x1f]*\Z")


class TargetSchema(Schema):
    kyc_verified = Boolean()
    has_active_rental = Boolean()
    min_rentals = fields.Integer(validate=validate.Range(1, 1_000_000))
    city = fields.String(validate=[validate.Length(1, 80), LINE])


class BroadcastSchema(Schema):
    id = fields.UUID(dump_only=True)
    title = fields.String(required=True, validate=[validate.Length(1, 100), LINE])
    message = fields.String(required=True, validate=[validate.Length(1, 2000), LINES])
    target = fields.Nested(TargetSchema, load_default=dict, metadata={"description": "All of it must be so."})
    push = Boolean(load_default=False, metadata={"description": "Besides the list in the app."})
    status = fields.String(dump_only=True, validate=validate.OneOf([status.value for status in BroadcastStatus]))
    total = fields.Integer(dump_only=True, metadata={"description": "People it was meant for when it was sent."})
    told = fields.Integer(dump_only=True)
    pushes = fields.Integer(dump_only=True, metadata={"description": "Handed over so far."})
    created_at = Time(dump_only=True)
    finished_at = Time(dump_only=True, allow_none=True)


class CountArguments(Schema):
    target = fields.Nested(TargetSchema, load_default=dict)


class CountSchema(Schema):
    people = fields.Integer(required=True)
