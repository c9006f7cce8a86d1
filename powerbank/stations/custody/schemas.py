"""The stock of power banks and the discrepancies, as staff send and see them."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.stations.custody.models import DiscrepancyKind, Health, Place
from powerbank.stations.models import MOST_SLOTS
from powerbank.stations.schemas import NAME, REASON, SERIAL, OpenArguments


class BanksSchema(Schema):
    serials = fields.List(fields.String(validate=SERIAL), required=True, validate=validate.Length(1, 5000))
    model = fields.String(load_default=None, allow_none=True, validate=NAME)


class BanksMadeSchema(Schema):
    created = fields.List(fields.String(), required=True)
    existing = fields.List(fields.String(), required=True)


class BankArguments(PageArguments):
    q = fields.String(load_default=None, validate=SERIAL, metadata={"description": "How the serial begins."})
    place = fields.String(load_default=None, validate=validate.OneOf([*Place]))
    station_sn = fields.String(load_default=None, validate=SERIAL)
    quarantined = Boolean(load_default=None, allow_none=True)
    doubtful = Boolean(
        load_default=None, allow_none=True, metadata={"description": "Nobody knows whether it came out of its slot."}
    )
    health = fields.String(load_default=None, validate=validate.OneOf([*Health]))
    charge_below = fields.Integer(
        load_default=None, validate=validate.Range(1, 100), metadata={"description": "In a slot, with less charge."}
    )


class BankSchema(Schema):
    serial = fields.String(required=True)
    model = fields.String(required=True, allow_none=True)
    health = fields.String(required=True, validate=validate.OneOf([*Health]))
    cycles = fields.Integer(required=True)
    quarantine_reason = fields.String(required=True, allow_none=True)
    doubt = fields.String(required=True, allow_none=True)
    created_at = Time(required=True)


class ListedBankSchema(BankSchema):
    place = fields.String(required=True, validate=validate.OneOf([*Place]))
    station_sn = fields.String(required=True, allow_none=True)
    slot_number = fields.Integer(required=True, allow_none=True)
    rental_id = fields.UUID(required=True, allow_none=True)
    holder = fields.String(required=True, allow_none=True)
    battery_level = fields.Integer(required=True, allow_none=True)


class StaySchema(Schema):
    place = fields.String(required=True, validate=validate.OneOf([*Place]))
    station_sn = fields.String(required=True, allow_none=True)
    slot_number = fields.Integer(required=True, allow_none=True)
    rental_id = fields.UUID(required=True, allow_none=True)
    holder = fields.String(required=True, allow_none=True)
    holder_name = fields.String(
        required=True, allow_none=True, metadata={"description": "what the warehouse, or who of the crew, is called"}
    )
    cause = fields.String(required=True)
    since = Time(required=True)
    until = Time(required=True, allow_none=True)


class BankDetailSchema(BankSchema):
    custody = fields.List(fields.Nested(StaySchema), required=True)


class QuarantineSchema(Schema):
    reason = fields.String(required=True, validate=REASON)


class BankPlaceSchema(Schema):
    """Where a power bank is. The station of a slot has the last word: its next report says whether that is so."""

    reason = fields.String(required=True, validate=REASON)
    place = fields.String(
        required=True,
        validate=validate.OneOf([Place.WAREHOUSE, Place.QUARANTINED, Place.CREW, Place.SLOT]),
    )
    station_sn = fields.String(load_default=None, validate=SERIAL, metadata={"description": "of a slot"})
    slot_number = fields.Integer(load_default=None, strict=True, validate=validate.Range(1, MOST_SLOTS))
    holder = fields.String(
        load_default=None, allow_none=True, validate=NAME, metadata={"description": "which warehouse, who of the crew"}
    )

    @validates_schema
    def _check_slot(self, data: dict[str, Any], **_: Any) -> None:
        named = data["station_sn"] is not None and data["slot_number"] is not None
        if data["place"] == Place.SLOT and not named:
            raise ValidationError("Which slot of which station?", "slot_number")
        if data["place"] != Place.SLOT and (data["station_sn"], data["slot_number"]) != (None, None):
            raise ValidationError("Only a slot has a station.", "station_sn")


class BankFoundSchema(BankPlaceSchema):
    place = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf([Place.WAREHOUSE, Place.QUARANTINED, Place.CREW, Place.SLOT]),
        metadata={"description": "a warehouse unless said; quarantine if it was held back"},
    )


class DiscrepancyArguments(OpenArguments):
    station_sn = fields.String(load_default=None)
    kind = fields.String(load_default=None, validate=validate.OneOf([*DiscrepancyKind]))


class DiscrepancySchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*DiscrepancyKind]))
    serial = fields.String(required=True)
    station_sn = fields.String(required=True, allow_none=True)
    warehouse = fields.String(required=True, allow_none=True, metadata={"description": "where it was counted"})
    slot_number = fields.Integer(required=True, allow_none=True)
    detail = fields.Dict(required=True)
    opened_at = Time(required=True)
    last_seen_at = Time(required=True)
    times = fields.Integer(required=True, metadata={"description": "that it was opened"})
    resolved_at = Time(required=True, allow_none=True)
    resolved_by = fields.String(required=True, allow_none=True)
    resolution = fields.String(required=True, allow_none=True)
