from typing import Any

from marshmallow import Schema, fields, post_dump, validate

from powerbank.api.fields import Boolean, Money
from powerbank.base import money
from powerbank.payments.options.methods import Method
from powerbank.payments.options.scenarios import NAMES


class CalculateSchema(Schema):
    scenario = fields.String(required=True, validate=validate.OneOf(NAMES))
    package_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "For `pre_payment`."})
    rental_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "For `post_payment`."})
    amount = Money(load_default=None, allow_none=True, metadata={"description": "For `wallet_topup`."})
    coupon_code = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 64))
    callback_url = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 2000),
        metadata={"description": "Told the result, with `Prefer: respond-async`. Registered hosts only."},
    )


class OptionSchema(Schema):
    method = fields.String(required=True, validate=validate.OneOf([*Method]))
    points_used = fields.Integer(required=True)
    wallet_used = Money(required=True)
    topup_needed = Money(metadata={"description": "What has to be topped up, where nothing else suffices."})
    total_cost = Money(required=True)
    recommended = Boolean(required=True)

    @post_dump
    def _only_what_is_needed(self, shown: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in shown.items() if value is not None}


class CalculationSchema(Schema):
    amount = Money(required=True)
    currency = fields.Constant(money.NPR, metadata={"type": "string"})
    available_points = fields.Integer(required=True)
    available_wallet = Money(required=True)
    options = fields.List(fields.Nested(OptionSchema), required=True)
