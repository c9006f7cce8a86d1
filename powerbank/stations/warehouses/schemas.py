"""Warehouses, their stock and their counts, as staff send and see them."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.stations.schemas import NAME, PLAIN, SERIAL


class WarehouseChangeSchema(Schema):
    name = fields.String(required=True, validate=NAME)
    city = fields.String(load_default=None, allow_none=True, validate=NAME)
    address = fields.String(load_default=None, allow_none=True, validate=[validate.Length(0, 300), PLAIN])
    lat = fields.Float(load_default=None, allow_none=True, validate=validate.Range(-90, 90))
    lng = fields.Float(load_default=None, allow_none=True, validate=validate.Range(-180, 180))
    main = Boolean(load_default=False, metadata={"description": "What has no place of its own lies here."})
    active = Boolean(load_default=True)


class WarehouseSchema(WarehouseChangeSchema):
    id = fields.UUID(dump_only=True)
    stock = fields.Integer(dump_only=True, metadata={"description": "power banks that may go out"})
    held_back = fields.Integer(dump_only=True, metadata={"description": "power banks in quarantine"})
    created_at = Time(dump_only=True)


class WarehouseArguments(PageArguments):
    active = Boolean(load_default=None, allow_none=True)


class StockSchema(Schema):
    serial = fields.String(required=True)
    model = fields.String(required=True, allow_none=True)
    health = fields.String(required=True)
    quarantine_reason = fields.String(required=True, allow_none=True)
    place = fields.String(required=True)
    since = Time(required=True)
    cause = fields.String(required=True)


class ScannedStockSchema(Schema):
    serials = fields.List(fields.String(validate=SERIAL), required=True, validate=validate.Length(0, 10_000))


class WarehouseCountSchema(Schema):
    id = fields.UUID(required=True)
    warehouse_id = fields.UUID(required=True)
    counted_by = fields.String(required=True)
    at = Time(required=True)
    expected = fields.Integer(required=True)
    scanned = fields.Integer(required=True)
    missing = fields.List(fields.String(), required=True, metadata={"description": "should lie here, not scanned"})
    surplus = fields.List(fields.String(), required=True, metadata={"description": "should be somewhere else"})
    # A schema has an option of this name.
    in_no_register = fields.List(fields.String(), required=True, data_key="unknown", attribute="unknown")
