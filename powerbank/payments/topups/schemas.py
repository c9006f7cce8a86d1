from typing import Any

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.paging import PageArguments
from powerbank.base import money
from powerbank.payments.models import IntentStatus

CURRENCY = validate.Regexp(r"^[A-Z]{3}\Z", error="Three capital letters, `NPR`.")


class TopupSchema(Schema):
    amount = Money(required=True)
    gateway = fields.String(required=True, validate=validate.Length(1, 20))
    currency = fields.String(load_default=money.NPR, validate=CURRENCY)


class FormSchema(Schema):
    action = fields.String(required=True)
    fields_ = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, data_key="fields", attribute="fields"
    )


class IntentSchema(Schema):
    intent_id = fields.UUID(required=True, attribute="id")
    amount = Money(required=True, attribute="charged", metadata={"description": "What is paid, in `currency`."})
    currency = fields.String(required=True)
    credit = Money(required=True, attribute="amount", metadata={"description": "What the wallet gets, in NPR."})
    exchange_rate = fields.Function(
        lambda intent: None if intent.rate is None else f"{intent.rate.normalize():f}",
        metadata={"type": ["string", "null"]},
    )
    gateway = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([*IntentStatus]))
    gateway_reference = fields.String(required=True, allow_none=True, attribute="reference")
    payment_url = fields.String(required=True, allow_none=True)
    form = fields.Nested(FormSchema, required=True, allow_none=True)
    expires_at = Time(required=True)
    created_at = Time(required=True)
    transaction_id = fields.UUID(required=True)


class LimitSchema(Schema):
    currency = fields.String(required=True)
    least = fields.String(required=True)
    most = fields.String(required=True)


class MethodSchema(Schema):
    gateway = fields.String(required=True)
    name = fields.String(required=True)
    currencies = fields.List(fields.String(), required=True)
    limits = fields.List(fields.Nested(LimitSchema), required=True)
    can_refund = Boolean(required=True)


class MethodsSchema(Schema):
    items = fields.List(fields.Nested(MethodSchema), required=True)


class RateSchema(Schema):
    currency = fields.String(required=True)
    day = fields.Date(required=True)
    buy = fields.Function(lambda rate: _plain(rate.buy), metadata={"type": "string"})
    sell = fields.Function(lambda rate: _plain(rate.sell), metadata={"type": "string"})


class RateArguments(PageArguments):
    currency = fields.String(load_default=None, allow_none=True, validate=CURRENCY)


class RatesSchema(Schema):
    base = fields.Constant(money.NPR, metadata={"type": "string"})
    items = fields.List(fields.Nested(RateSchema), required=True)


class ReceivedSchema(Schema):
    received = Boolean(required=True)


def _plain(number: Any) -> str:
    return f"{number.normalize():f}"
