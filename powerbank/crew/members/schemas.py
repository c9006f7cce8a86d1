"""Members of the crew, as staff send and see them, and what a member sees of the own work."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.paging import PageArguments, page_of
from powerbank.stations.schemas import NAME, REASON

LAT, LNG = validate.Range(-90, 90), validate.Range(-180, 180)


class MemberChangeSchema(Schema):
    zones = fields.List(
        fields.String(validate=NAME),
        load_default=list,
        validate=validate.Length(0, 50),
        metadata={"description": "cities; none of them: everywhere"},
    )
    pay_plan_id = fields.UUID(load_default=None, allow_none=True)
    warehouse_id = fields.UUID(load_default=None, allow_none=True)
    timezone = fields.String(load_default="Asia/Kathmandu", validate=validate.Length(1, 60))


class MemberDraftSchema(MemberChangeSchema):
    user_id = fields.UUID()
    phone = fields.String(validate=validate.Length(1, 40))
    email = fields.String(validate=validate.Length(3, 254))

    @validates_schema
    def _one_person(self, data: dict[str, Any], **_: Any) -> None:
        if len({"user_id", "phone", "email"} & data.keys()) != 1:
            raise ValidationError("Give a user_id, a phone number or an e-mail address.", "user_id")


class CrewMemberSchema(Schema):
    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    name = fields.String(required=True)
    zones = fields.List(fields.String(), required=True)
    pay_plan_id = fields.UUID(required=True, allow_none=True)
    warehouse_id = fields.UUID(required=True, allow_none=True)
    timezone = fields.String(required=True)
    active = Boolean(required=True)
    created_at = Time(required=True)
    ended_at = Time(required=True, allow_none=True)


class MemberArguments(PageArguments):
    active = Boolean(load_default=None, allow_none=True)


class CrewReasonSchema(Schema):
    reason = fields.String(load_default=None, allow_none=True, validate=REASON)


class CrewNeededReasonSchema(Schema):
    reason = fields.String(required=True, validate=REASON)


class CrewLocationSchema(Schema):
    lat = fields.Float(required=True, validate=LAT)
    lng = fields.Float(required=True, validate=LNG)
    accuracy = fields.Float(load_default=None, allow_none=True, validate=validate.Range(0, 100_000))


class NearArguments(Schema):
    lat = fields.Float(load_default=None, allow_none=True, validate=LAT)
    lng = fields.Float(load_default=None, allow_none=True, validate=LNG)

    @validates_schema
    def _whole_point(self, data: dict[str, Any], **_: Any) -> None:
        if (data["lat"] is None) != (data["lng"] is None):
            raise ValidationError("Give both lat and lng, or neither.", "lat")


class BegunSchema(Schema):
    id = fields.UUID(required=True)
    started_at = Time(required=True)
    ended_at = Time()


class ShiftSchema(Schema):
    id = fields.UUID(required=True)
    member_id = fields.UUID(required=True)
    started_at = Time(required=True)
    ended_at = Time(required=True, allow_none=True)
    ended_by = fields.String(required=True, allow_none=True)
    active_at = Time(required=True)
    break_seconds = fields.Integer(required=True)
    work_seconds = fields.Integer(required=True)


class ShiftArguments(PageArguments):
    open = Boolean(load_default=False)


class HeldBankSchema(Schema):
    serial = fields.String(required=True)
    health = fields.String(required=True)
    quarantine_reason = fields.String(required=True, allow_none=True)
    since = Time(required=True)
    cause = fields.String(required=True)


class CrewPlaceSchema(Schema):
    member_id = fields.UUID(required=True)
    name = fields.String(required=True)
    at = Time(required=True)
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)
    accuracy = fields.Float(required=True, allow_none=True)


class MoneyTodaySchema(Schema):
    earnings_today = Money(required=True, least=None)
    currency = fields.String(required=True)


ShiftPageSchema = page_of(ShiftSchema)
