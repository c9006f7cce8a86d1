"""What staff send and see."""

from datetime import date
from typing import Any
from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.paging import PageArguments
from powerbank.stations.custody.models import DiscrepancyKind, Health, Place
from powerbank.stations.issues.models import Priority
from powerbank.stations.models import MOST_SLOTS, Amenity
from powerbank.stations.packages.models import PaymentModel
from powerbank.stations.protocols import PROTOCOLS
from powerbank.stations.public.schemas import STATUS, PackageCardSchema, SlotSchema, StationListArguments
from powerbank.stations.registry import opening_hours as hours

ZONES = available_timezones()
PLAIN = validate.Regexp(r"^[^\x00-\x1f<>]*\Z", error="No control characters, no < and >.")
NAME = [validate.Length(1, 120), PLAIN]
ADDRESS = [validate.Length(1, 200), PLAIN]
CITY = [validate.Length(1, 80), PLAIN]
SERIAL = validate.Regexp(r"^[A-Za-z0-9._-]{1,64}\Z", error="1 to 64 letters, digits, dots, dashes or underscores.")
IMEI = validate.Regexp(r"^[A-Za-z0-9_-]{1,64}\Z", error="1 to 64 letters, digits, dashes or underscores.")
REASON = [validate.Length(1, 500), PLAIN]
CLOCK = fields.String(validate=validate.Regexp(hours.TIME.pattern + r"\Z", error="HH:MM"))


class Whole(fields.Nested):
    """Given at all, it is given whole: a PATCH of a station does not mend single parts of its hours."""

    def _load(self, value: Any, partial: Any = None) -> Any:
        return super()._load(value, partial=False)


class ExceptionSchema(Schema):
    date = fields.String(required=True)
    hours = fields.List(fields.Tuple((CLOCK, CLOCK)), required=True, validate=validate.Length(max=8))

    @validates_schema
    def _date(self, data: dict[str, Any], **_: Any) -> None:
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
    def _intervals(self, data: dict[str, Any], **_: Any) -> None:
        lists = [*data.get("weekly", {}).values(), *(each["hours"] for each in data.get("exceptions", ()))]
        if any(start in ("24:00", end) for pairs in lists for start, end in pairs):
            raise ValidationError("An interval has a beginning before 24:00 and an end that differs from it.")

    @post_load
    def _as_json(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Pairs as lists, the way they come back from the database."""
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
    """A station keeps its number and its name at the broker for life."""

    class Meta:
        exclude = ("sn", "imei")


class StationSeenSchema(StationSchema):
    class Meta:
        exclude = ("slots",)  # their number is told at registration only

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


class StaffStationArguments(StationListArguments):
    pass


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


class PackageSchema(Schema):
    id = fields.UUID(dump_only=True)
    name = fields.String(required=True, validate=NAME)
    duration_minutes = fields.Integer(required=True, strict=True, validate=validate.Range(1, 525_600))
    price = Money(required=True, least=0)
    payment_model = fields.String(required=True, validate=validate.OneOf([*PaymentModel]))
    unit_minutes = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 525_600))
    unit_price = Money(load_default=None, allow_none=True)
    active = Boolean(load_default=True)
    created_at = Time(dump_only=True)

    @validates_schema
    def _unit(self, data: dict[str, Any], partial: Any = None, **_: Any) -> None:
        if partial:
            return  # only the database sees both halves here
        if (data["unit_minutes"] is None) != (data["unit_price"] is None):
            raise ValidationError("A unit has minutes and a price.", "unit_price")
        if data["payment_model"] == PaymentModel.POSTPAID and data["unit_price"] is None:
            raise ValidationError("A postpaid package is charged by the unit.", "unit_price")


class PackageStationsSchema(Schema):
    station_sns = fields.List(fields.String(validate=SERIAL), required=True, validate=validate.Length(max=5000))


class BanksSchema(Schema):
    serials = fields.List(fields.String(validate=SERIAL), required=True, validate=validate.Length(1, 5000))
    model = fields.String(load_default=None, allow_none=True, validate=NAME)


class BanksMadeSchema(Schema):
    created = fields.List(fields.String(), required=True)
    existing = fields.List(fields.String(), required=True)


class BankArguments(PageArguments):
    place = fields.String(load_default=None, validate=validate.OneOf([*Place]))
    quarantined = Boolean(load_default=None, allow_none=True)


class BankSchema(Schema):
    serial = fields.String(required=True)
    model = fields.String(required=True, allow_none=True)
    health = fields.String(required=True, validate=validate.OneOf([*Health]))
    cycles = fields.Integer(required=True)
    quarantine_reason = fields.String(required=True, allow_none=True)
    doubt = fields.String(required=True, allow_none=True)
    created_at = Time(required=True)


class StaySchema(Schema):
    place = fields.String(required=True, validate=validate.OneOf([*Place]))
    station_sn = fields.String(required=True, allow_none=True)
    slot_number = fields.Integer(required=True, allow_none=True)
    rental_id = fields.UUID(required=True, allow_none=True)
    holder = fields.String(required=True, allow_none=True)
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
    def _slot(self, data: dict[str, Any], **_: Any) -> None:
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


class ResolutionSchema(Schema):
    resolution = fields.String(required=True, validate=REASON)


class OpenArguments(PageArguments):
    state = fields.String(load_default="open", validate=validate.OneOf(["open", "resolved", "all"]))


class IssueArguments(OpenArguments):
    priority = fields.String(load_default=None, validate=validate.OneOf([*Priority]))


class DiscrepancyArguments(OpenArguments):
    station_sn = fields.String(load_default=None)
    kind = fields.String(load_default=None, validate=validate.OneOf([*DiscrepancyKind]))


class DiscrepancySchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*DiscrepancyKind]))
    serial = fields.String(required=True)
    station_sn = fields.String(required=True)
    slot_number = fields.Integer(required=True, allow_none=True)
    detail = fields.Dict(required=True)
    opened_at = Time(required=True)
    last_seen_at = Time(required=True)
    times = fields.Integer(required=True, metadata={"description": "that it was opened"})
    resolved_at = Time(required=True, allow_none=True)
    resolved_by = fields.String(required=True, allow_none=True)
    resolution = fields.String(required=True, allow_none=True)
