"""Slots that are opened, and power banks that change hands, as members send and see them."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from powerbank.api.fields import Time
from powerbank.stations.models import MOST_SLOTS
from powerbank.stations.schemas import SERIAL

SERIALS = fields.List(fields.String(validate=SERIAL), required=True, validate=validate.Length(1, 500))


class OpenSlotsSchema(Schema):
    serials = fields.List(fields.String(validate=SERIAL), load_default=list, validate=validate.Length(0, MOST_SLOTS))
    slot_numbers = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, MOST_SLOTS)),
        load_default=list,
        validate=validate.Length(0, MOST_SLOTS),
    )

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_: Any) -> None:
        if bool(data["serials"]) == bool(data["slot_numbers"]):
            raise ValidationError("Give serials, or slot_numbers.", "serials")


class CrewOpeningSchema(Schema):
    id = fields.UUID(required=True)
    serial = fields.String(required=True)
    slot_number = fields.Integer(required=True)
    status = fields.String(required=True)
    error = fields.String(required=True, allow_none=True)
    created_at = Time(required=True)
    finished_at = Time(required=True, allow_none=True)


class OpeningsSchema(Schema):
    items = fields.List(fields.Nested(CrewOpeningSchema), required=True)


class DropSchema(Schema):
    serials = SERIALS
    place = fields.String(required=True, validate=validate.OneOf(["warehouse", "member"]))
    warehouse_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "else the usual one"})
    member_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "of place `member`"})

    @validates_schema
    def _fits_its_place(self, data: dict[str, Any], **_: Any) -> None:
        if (data["place"] == "member") != (data["member_id"] is not None):
            raise ValidationError("A member takes what is given to a member.", "member_id")
        if data["place"] == "member" and data["warehouse_id"] is not None:
            raise ValidationError("Does not go together with place `member`.", "warehouse_id")


class TakeSchema(Schema):
    serials = SERIALS
    warehouse_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "else the usual one"})


class MovedSchema(Schema):
    serials = fields.List(fields.String(), required=True)
    banks_in_hand = fields.List(fields.String(), required=True)
