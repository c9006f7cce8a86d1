"""Stations, as staff send and see them."""

from datetime import date
from typing import Any
from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.stations.models import MOST_SLOTS, Amenity
from powerbank.stations.packages.schemas import PackageCardSchema
from powerbank.stations.protocols import PROTOCOLS
from powerbank.stations.public.schemas import SlotSchema
from powerbank.stations.registry import opening_hours as hours
from powerbank.stations.registry.filters import Lack
from powerbank.stations.schemas import NAME, PLAIN, REASON, SERIAL, STATUS

ZONES = available_timezones()
ADDRESS = [validate.Length(1, 200), PLAIN]
CITY = [validate.Length(1, 80), PLAIN]
IMEI = validate.Regexp(r"^[A-Za-z0-9_-]{1,64}\Z", error="1 to 64 letters, digits, dashes or underscores.")
CLOCK = fields.String(validate=validate.Regexp(hours.TIME.pattern + r"\Z", error="HH:MM"))


class StationFilterArguments(Schema):
    q = fields.String(validate=validate.Length(1, 100), load_default=None, allow_none=True)
    city = fields.String(validate=validate.Length(1, 80), load_default=None, allow_none=True)
    status = fields.String(validate=STATUS, load_default=None, allow_none=True)
    protocol = fields.String(validate=validate.OneOf(PROTOCOLS), load_default=None, allow_none=True)
    lacks = fields.String(
        validate=validate.OneOf([*Lack]),
        load_default=None,
        allow_none=True,
        metadata={"description": "Nothing can be rented there, or nothing returned."},
    )
    partner = fields.String(
        validate=validate.Length(1, 100),
        load_default=None,
        allow_none=True,
        metadata={"description": "How the name of its partner begins.", "example": "Himalayan"},
    )
    active = Boolean(load_default=None, allow_none=True)


class StaffStationArguments(StationFilterArguments, PageArguments):
    pass


class Whole(fields.Nested):
    """A nested object that is always given as a whole: a PATCH of a station does not change single parts of it."""

    def _load(self, value: Any, partial: Any = None) -> Any:
        return super()._load(value, partial=False)


class ExceptionSchema(Schema):
    date = fields.String(required=True)
    hours = fields.List(fields.Tuple((CLOCK, CLOCK)), required=True, validate=validate.Length(max=8))

    @validates_schema
    def _check_date(self, data: dict[str, Any], **_: Any) -> None:
        try:
            if date.fromisoformat(data["date"]).isoformat() != data["date"]:
                raise ValueError("another way of writing it")  # noqa: TRY301
        except ValueError:
            raise ValidationError("A date looks like 2026-10-20.", "date") from None


class OpeningHoursSchema(Schema):
    weekly = fields.Dict(
        keys=fields.String(validate=validate.OneOf(hours.DAYS)),
        values=fields.List(fields.Tuple((CLOCK, CLOCK)), validate=validate.Length(max=8)),
        required=True,
        metadata={"example": {"mon": [["07:00", "21:00"]], "sat": [["18:00", "02:00"]]}},
    )
    exceptions = fields.List(fields.Nested(ExceptionSchema), load_default=list, validate=validate.Length(max=400))

    @validates_schema
    def _check_intervals(self, data: dict[str, Any], **_: Any) -> None:
        lists = [*data.get("weekly", {}).values(), *(each["hours"] for each in data.get("exceptions", ()))]
        if any(start in ("24:00", end) for pairs in lists for start, end in pairs):
            raise ValidationError("An interval has a beginning before 24:00 and an end that differs from it.")

    @post_load
    def _write_as_json(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Write pairs as lists, as they come back from the database."""
        weekly = {day: [list(pair) for pair in pairs] for day, pairs in data["weekly"].items()}
        exceptions = [each | {"hours": [list(pair) for pair in each["hours"]]} for each in data["exceptions"]]
        return {"weekly": weekly, "exceptions": exceptions}


class StationSchema(Schema):
    id = fields.UUID(dump_only=True)
    sn = fields.String(required=True, validate=SERIAL)
    imei = fields.String(required=True, validate=IMEI)
    name = fields.String(required=True, validate=NAME)
    address = fields.String(required=True, validate=ADDRESS)
    city = fields.String(required=True, validate=CITY)
    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lng = fields.Float(required=True, validate=validate.Range(-180, 180))
    timezone = fields.String(load_default="Asia/Kathmandu", validate=validate.OneOf(ZONES, error="No such zone."))
    opening_hours = Whole(OpeningHoursSchema, load_default=None, allow_none=True)
    images = fields.List(
        fields.Url(schemes={"https"}, validate=validate.Length(max=2000)),
        load_default=list,
        validate=validate.Length(max=20),
    )
    amenities = fields.List(fields.String(validate=validate.OneOf([*Amenity])), load_default=list)
    rent_enabled = Boolean(load_default=True)
    return_enabled = Boolean(load_default=True)
    active = Boolean(load_default=True)
    protocol = fields.String(required=True, validate=validate.OneOf(PROTOCOLS))
    partner_id = fields.UUID(load_default=None, allow_none=True)
    slots = fields.Integer(required=True, strict=True, load_only=True, validate=validate.Range(1, MOST_SLOTS))
    maintenance = Boolean(dump_only=True)
    created_at = Time(dump_only=True)


class StationChangeSchema(StationSchema):
    """A change of a station, which keeps its number and its name at the broker for ever."""

    class Meta:
        exclude = ("sn", "imei")


class StationSeenSchema(StationSchema):
    class Meta:
        exclude = ("slots",)  # their number is given at the registration only

    partner_name = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=STATUS)
    available_banks = fields.Integer(required=True)
    free_slots = fields.Integer(required=True)
    last_seen = Time(required=True, allow_none=True)
    firmware = fields.String(required=True, allow_none=True)


class StationWithSlotsSchema(StationSeenSchema):
    class Meta:
        exclude = ()

    slots = fields.List(fields.Nested(SlotSchema), required=True)  # type: ignore[assignment]
    packages = fields.List(fields.Nested(PackageCardSchema), required=True)
    undecodable_messages = fields.Integer(required=True)
    odd_messages = fields.Integer(required=True)


class CredentialsSchema(Schema):
    username = fields.String(required=True)
    password = fields.String(required=True, metadata={"description": "shown this once"})


class StationMadeSchema(StationSeenSchema):
    mqtt = fields.Nested(CredentialsSchema, required=True)


class MaintenanceSchema(Schema):
    enable = Boolean(required=True)
    reason = fields.String(load_default=None, allow_none=True, validate=REASON)


class ImportArguments(Schema):
    dry_run = Boolean(load_default=False)


class ImportRowSchema(Schema):
    row = fields.Integer(required=True, metadata={"description": "line of the file, its heading being line 1"})
    sn = fields.String(required=True, allow_none=True)
    result = fields.String(required=True, validate=validate.OneOf(["created", "valid", "refused"]))
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    mqtt = fields.Nested(CredentialsSchema)


class ImportReportSchema(Schema):
    dry_run = Boolean(required=True)
    accepted = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    rows = fields.List(fields.Nested(ImportRowSchema), required=True)
