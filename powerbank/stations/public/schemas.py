"""What people see of stations."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.paging import PageArguments
from powerbank.api.uploads import PhotoField
from powerbank.stations.issues.models import IssueType, Priority
from powerbank.stations.models import Amenity, StationStatus
from powerbank.stations.packages.models import PaymentModel
from powerbank.stations.public.nearby_stations import LARGEST_RADIUS_KM

STATUS = validate.OneOf([*StationStatus])
PHOTO = {"description": "JPEG, PNG or WebP: a file of a form, or base64"}
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


class PackageCardSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    duration_minutes = fields.Integer(required=True)
    price = Money(required=True)
    currency = fields.Constant("NPR")
    payment_model = fields.String(required=True, validate=validate.OneOf([*PaymentModel]))
    unit_minutes = fields.Integer(allow_none=True)
    unit_price = Money(allow_none=True)


class PackageCardsSchema(Schema):
    items = fields.List(fields.Nested(PackageCardSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PackageArguments(Schema):
    station_sn = fields.String(load_default=None, validate=validate.Length(1, 64))


class StationDetailSchema(StationCardSchema):
    timezone = fields.String(required=True)
    opening_hours = fields.Dict(required=True, allow_none=True)
    images = fields.List(fields.String(), required=True)
    amenities = fields.List(fields.String(validate=validate.OneOf([*Amenity])), required=True)
    rent_enabled = Boolean(required=True)
    return_enabled = Boolean(required=True)
    slots = fields.List(fields.Nested(SlotSchema), required=True)
    packages = fields.List(fields.Nested(PackageCardSchema), required=True)


class IssueReportSchema(Schema):
    issue_type = fields.String(required=True, validate=validate.OneOf([*IssueType]))
    description = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 2000))
    photo = PhotoField(load_default=None, allow_none=True, metadata=PHOTO)


class ReportSeenSchema(Schema):
    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    description = fields.String(required=True, allow_none=True)
    created_at = Time(required=True)
    photos = fields.List(fields.String(), required=True, metadata={"description": "addresses, for staff"})


class IssueSeenSchema(Schema):
    id = fields.UUID(required=True)
    station_sn = fields.String(required=True)
    issue_type = fields.String(required=True, validate=validate.OneOf([*IssueType]))
    priority = fields.String(required=True, validate=validate.OneOf([*Priority]))
    opened_at = Time(required=True)


class IssueSchema(IssueSeenSchema):
    connectivity = fields.Dict(
        required=True, allow_none=True, metadata={"description": "What a check of an `offline` report found."}
    )
    reports = fields.Integer(required=True)
    last_reported_at = Time(required=True)
    resolved_at = Time(required=True, allow_none=True)
    resolved_by = fields.String(required=True, allow_none=True)
    resolution = fields.String(required=True, allow_none=True)
