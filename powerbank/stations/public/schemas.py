"""Stations, as people search and see them."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.stations.models import Amenity
from powerbank.stations.packages.schemas import PackageCardSchema
from powerbank.stations.public.nearby_stations import LARGEST_RADIUS_KM
from powerbank.stations.schemas import STATUS

SLOT_STATES = ("bank", "empty", "locked", "faulty")


class NearbyArguments(Schema):
    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lng = fields.Float(required=True, validate=validate.Range(-180, 180))
    radius_km = fields.Float(load_default=5.0, validate=validate.Range(0.01, LARGEST_RADIUS_KM))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))
    min_banks = fields.Integer(load_default=0, validate=validate.Range(0, 1000))
    min_free_slots = fields.Integer(load_default=0, validate=validate.Range(0, 1000))


class NearbyStationSchema(Schema):
    sn = fields.String(required=True)
    name = fields.String(required=True)
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)
    distance_m = fields.Integer(required=True)
    status = fields.String(required=True, validate=STATUS)
    available_banks = fields.Integer(required=True)
    free_slots = fields.Integer(required=True)
    open_now = Boolean(required=True)
    last_seen = Time(required=True, allow_none=True)
    is_favorite = Boolean(required=True)


class NearbySchema(Schema):
    items = fields.List(fields.Nested(NearbyStationSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class StationListArguments(PageArguments):
    q = fields.String(validate=validate.Length(1, 100), load_default=None)
    city = fields.String(validate=validate.Length(1, 80), load_default=None)
    status = fields.String(validate=STATUS, load_default=None)


class StationCardSchema(Schema):
    sn = fields.String(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    city = fields.String(required=True)
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)
    status = fields.String(required=True, validate=STATUS)
    available_banks = fields.Integer(required=True)
    free_slots = fields.Integer(required=True)
    open_now = Boolean(required=True)
    last_seen = Time(required=True, allow_none=True)
    is_favorite = Boolean(required=True)


class SlotSchema(Schema):
    slot_number = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(SLOT_STATES))
    battery_level = fields.Integer(allow_none=True)
    powerbank_sn = fields.String(allow_none=True, metadata={"description": "for staff only"})
    held_because = fields.String(allow_none=True, metadata={"description": "for staff only"})


class StationDetailSchema(StationCardSchema):
    timezone = fields.String(required=True)
    opening_hours = fields.Dict(required=True, allow_none=True)
    images = fields.List(fields.String(), required=True)
    amenities = fields.List(fields.String(validate=validate.OneOf([*Amenity])), required=True)
    rent_enabled = Boolean(required=True)
    return_enabled = Boolean(required=True)
    slots = fields.List(fields.Nested(SlotSchema), required=True)
    packages = fields.List(fields.Nested(PackageCardSchema), required=True)
