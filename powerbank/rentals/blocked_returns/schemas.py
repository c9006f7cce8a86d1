"""The schemas of blocked returns."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Time
from powerbank.api.uploads import PhotoField
from powerbank.rentals.blocked_returns.models import BlockReason, BlockStatus
from powerbank.stations.issues.schemas import PHOTO

SERIAL = validate.Length(1, 64)


class ReturnBlockedSchema(Schema):
    station_sn = fields.String(required=True, validate=SERIAL)
    lat = fields.Float(load_default=None, allow_none=True, validate=validate.Range(-90, 90))
    lng = fields.Float(load_default=None, allow_none=True, validate=validate.Range(-180, 180))
    photo = PhotoField(load_default=None, allow_none=True, metadata=PHOTO)


class PauseGrantSchema(Schema):
    reason = fields.String(required=True, validate=validate.Length(3, 500))
    station_sn = fields.String(
        load_default=None,
        allow_none=True,
        validate=SERIAL,
        metadata={"description": "without it, the station that the person reported last"},
    )


class GoToSchema(Schema):
    station_sn = fields.String(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)
    slot_number = fields.Integer(required=True)
    distance_m = fields.Integer(required=True)


class BlockedReturnSchema(Schema):
    block_id = fields.UUID(required=True, attribute="block.id")
    status = fields.String(required=True, attribute="block.status", validate=validate.OneOf([*BlockStatus]))
    reason = fields.String(required=True, attribute="block.reason", validate=validate.OneOf([*BlockReason]))
    station_sn = fields.String(required=True, attribute="station.sn")
    paused_from = Time(required=True, allow_none=True, attribute="block.paused_from")
    paused_until = Time(required=True, allow_none=True, attribute="block.paused_until")
    go_to = fields.Nested(
        GoToSchema,
        required=True,
        allow_none=True,
        metadata={"description": "where a slot is kept; null: no station has one to keep, and any will do"},
    )
