from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from powerbank.api.auth import current_staff
from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.paging import PageArguments
from powerbank.api.plain import PlainTable
from powerbank.promotions.models import Campaign, Kind
from powerbank.users.schemas import NAME

CODE = [validate.Length(3, 40), validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z")]


WRITE = "promotions.write"


def shown_code(code: str) -> str:
    """Shorten a code for staff who may not make such codes, since it is worth money to whoever types it."""
    return code if current_staff().may(WRITE) else f"{code[:2]}…"


class CodeField(fields.String):
    """A code in answers to staff."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else shown_code(value)


def _in_order(data: dict[str, Any]) -> None:
    begins, ends = data.get("starts_at"), data.get("ends_at")
    if begins is not None and ends is not None and begins >= ends:
        raise ValidationError("Must be after it starts.", "ends_at")


class CampaignSchema(Schema):
    id = fields.UUID(dump_only=True)
    name = fields.String(required=True, validate=NAME)
    description = fields.String(validate=validate.Length(max=1000))
    starts_at = Time(allow_none=True)
    ends_at = Time(allow_none=True)
    budget = Money(allow_none=True)
    spent = Money(dump_only=True)
    active = Boolean()
    created_at = Time(dump_only=True)

    @validates_schema
    def _window(self, data: dict[str, Any], **_: Any) -> None:
        _in_order(data)


CAMPAIGNS = PlainTable("campaigns", Campaign, CampaignSchema, permission="promotions", together=("window", "budget"))


class CouponRulesSchema(Schema):
    """`value` is a percentage, paisa or points, as `kind` says; so is `budget`, where a percentage counts paisa."""

    campaign_id = fields.UUID(allow_none=True)
    name = fields.String(required=True, validate=NAME)
    value = fields.Integer(required=True, strict=True, validate=validate.Range(1, 10_000_000))
    most = Money(allow_none=True, metadata={"description": "What a percentage comes to at most."})
    min_price = Money(least=0)
    starts_at = Time(allow_none=True)
    ends_at = Time(allow_none=True)
    budget = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 10**13))
    total_limit = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 10_000_000))
    per_user_limit = fields.Integer(strict=True, validate=validate.Range(1, 1000))
    first_rental_only = Boolean()
    stackable = Boolean(metadata={"description": "Goes together with others that are, on one rental."})
    active = Boolean()

    @validates_schema
    def _window(self, data: dict[str, Any], **_: Any) -> None:
        _in_order(data)


class CouponSchema(CouponRulesSchema):
    id = fields.UUID(dump_only=True)
    kind = fields.String(required=True, validate=validate.OneOf([*Kind]))
    code = CodeField(
        load_default=None,
        allow_none=True,
        validate=CODE,
        metadata={"description": "One for everybody; shortened for staff who may not write promotions."},
    )
    used = fields.Integer(dump_only=True)
    spent = fields.Integer(dump_only=True)
    needs_approval = Boolean(
        dump_only=True,
        metadata={"description": "It gives points within the daily allowance of who set it, until somebody approves."},
    )
    created_at = Time(dump_only=True)


class CouponArguments(PageArguments):
    campaign_id = fields.UUID(load_default=None, allow_none=True)


class MakeCodesSchema(Schema):
    count = fields.Integer(required=True, strict=True, validate=validate.Range(1, 10_000))
    prefix = fields.String(
        load_default="", validate=[validate.Length(max=20), validate.Regexp(r"^([A-Za-z0-9][A-Za-z0-9_-]*)?\Z")]
    )


class CodesSchema(Schema):
    codes = fields.List(fields.String(), required=True)


class CouponCodeSchema(Schema):
    code = CodeField(required=True)
    uses = fields.Integer(required=True)
    most_uses = fields.Integer(required=True, allow_none=True)


class DaySchema(Schema):
    day = fields.Date(required=True)
    uses = fields.Integer(required=True)
    worth = Money(required=True)


class UseSchema(Schema):
    uses = fields.Integer(required=True)
    people = fields.Integer(required=True)
    amount = Money(required=True, metadata={"description": "Taken off prices."})
    points = fields.Integer(required=True)
    worth = Money(required=True, metadata={"description": "What all of it cost, points by what they are worth."})
    given_back = fields.Integer(required=True, metadata={"description": "For rentals that came to nothing."})
    days = fields.List(fields.Nested(DaySchema), required=True)


class ApplySchema(Schema):
    code = fields.String(required=True, validate=validate.Length(1, 40))


class OfferSchema(Schema):
    """A coupon as people see it."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*Kind]))
    value = fields.Integer(required=True)
    most = Money(required=True, allow_none=True)
    min_price = Money(required=True)
    starts_at = Time(required=True, allow_none=True)
    ends_at = Time(required=True, allow_none=True)
    first_rental_only = Boolean(required=True)
    stackable = Boolean(required=True)


class AppliedSchema(Schema):
    status = fields.String(required=True, validate=validate.OneOf(["kept", "redeemed"]))
    code = fields.String(required=True)
    points = fields.Integer(required=True, metadata={"description": "That come at once."})
    coupon = fields.Nested(OfferSchema, required=True)


class MyCouponSchema(Schema):
    id = fields.UUID(required=True, attribute="claim.id")
    code = fields.String(required=True, attribute="claim.code")
    status = fields.String(
        required=True, validate=validate.OneOf(["available", "used", "over", "used_up", "not_begun"])
    )
    coupon = fields.Nested(OfferSchema, required=True)
    kept_at = Time(required=True, attribute="claim.created_at")
