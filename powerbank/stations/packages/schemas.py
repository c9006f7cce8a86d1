"""Packages, as staff manage them and people see them."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.plain import PlainTable
from powerbank.stations.packages.models import Package, PaymentModel
from powerbank.stations.schemas import NAME, SERIAL


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
    def _check_unit(self, data: dict[str, Any], partial: Any = None, **_: Any) -> None:
        if partial:
            return  # only the database sees both halves of a unit then
        if (data["unit_minutes"] is None) != (data["unit_price"] is None):
            raise ValidationError("A unit has minutes and a price.", "unit_price")
        if data["payment_model"] == PaymentModel.POSTPAID and data["unit_price"] is None:
            raise ValidationError("A postpaid package is charged by the unit.", "unit_price")


PACKAGES = PlainTable("packages", Package, PackageSchema, permission="packages", together=("unit", "postpaid_unit"))


class PackageStationsSchema(Schema):
    station_sns = fields.List(fields.String(validate=SERIAL), required=True, validate=validate.Length(max=5000))


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
