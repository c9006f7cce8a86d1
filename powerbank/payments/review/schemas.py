import base64

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Money, Time
from powerbank.api.paging import PageArguments
from powerbank.ledger.schemas import PeriodArguments
from powerbank.payments.chargebacks.models import ChargebackState
from powerbank.payments.models import EventState, GatewayEvent, IntentStatus
from powerbank.payments.review.services import Decision
from powerbank.payments.topups.schemas import IntentSchema
from powerbank.payments.webhooks.filters import MOST
from powerbank.payments.webhooks.replays import MOST_PER_MINUTE, PER_MINUTE

GATEWAY = validate.Length(1, 20)


class StaffIntentArguments(PeriodArguments):
    gateway = fields.String(load_default=None, allow_none=True, validate=GATEWAY)
    status = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*IntentStatus]))
    user_id = fields.UUID(load_default=None, allow_none=True)
    reference = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 300),
        metadata={"description": "The gateway's name of the session or of the payment."},
    )


class StaffIntentSchema(IntentSchema):
    user_id = fields.UUID(required=True)
    payment_id = fields.String(required=True, allow_none=True)
    polls = fields.Integer(required=True)
    poll_at = Time(required=True, allow_none=True)
    said = fields.Dict(
        required=True,
        allow_none=True,
        attribute="gateway_answer",
        metadata={"description": "The gateway's last words."},
    )
    review_reason = fields.String(required=True, allow_none=True)
    resolution = fields.String(required=True, allow_none=True)
    resolved_by = fields.UUID(required=True, allow_none=True)
    resolved_at = Time(required=True, allow_none=True)
    settled_at = Time(required=True, allow_none=True)


class EventFilterArguments(Schema):
    gateway = fields.String(load_default=None, allow_none=True, validate=GATEWAY)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*EventState]))
    intent_id = fields.UUID(load_default=None, allow_none=True)
    since = Time(load_default=None, allow_none=True)
    until = Time(load_default=None, allow_none=True)


class EventArguments(EventFilterArguments, PageArguments):
    pass


class EventCountSchema(Schema):
    count = fields.Integer(required=True, metadata={"description": f"At most {MOST + 1}: more are not counted."})


class ReplaySchema(EventFilterArguments):
    count = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0),
        metadata={"description": "How many you saw. It is refused if more match by now."},
    )
    reason = fields.String(required=True, validate=validate.Length(3, 500))
    per_minute = fields.Integer(
        load_default=PER_MINUTE,
        strict=True,
        validate=validate.Range(1, MOST_PER_MINUTE),
        metadata={"description": "So many a minute, spread over it, since each of them asks its gateway."},
    )


class GatewayEventSchema(Schema):
    id = fields.UUID(required=True)
    gateway = fields.String(required=True)
    received_at = Time(required=True)
    event_id = fields.String(required=True, allow_none=True)
    type = fields.String(required=True, allow_none=True)
    reference = fields.String(required=True, allow_none=True)
    intent_id = fields.UUID(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf([*EventState]))
    detail = fields.String(required=True, allow_none=True)
    processed_at = Time(required=True, allow_none=True)


def _as_text(event: GatewayEvent) -> str | None:
    try:
        return event.body.decode()
    except UnicodeDecodeError:
        return None


class RawGatewayEventSchema(GatewayEventSchema):
    body = fields.Function(
        lambda event: base64.b64encode(event.body).decode(), metadata={"type": "string", "format": "byte"}
    )
    text = fields.Function(_as_text, metadata={"type": ["string", "null"], "description": "The body, if it is text."})
    query = fields.String(required=True)
    signature = fields.String(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)


class ResolveSchema(Schema):
    decision = fields.String(required=True, validate=validate.OneOf([*Decision]))
    reason = fields.String(required=True, validate=validate.Length(3, 500))


class TakebackArguments(PageArguments):
    gateway = fields.String(load_default=None, allow_none=True, validate=GATEWAY)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*ChargebackState]))
    intent_id = fields.UUID(load_default=None, allow_none=True)


class TakebackSchema(Schema):
    id = fields.UUID(required=True)
    intent_id = fields.UUID(required=True)
    gateway = fields.String(required=True)
    gateway_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["dispute", "refund"]))
    state = fields.String(required=True, validate=validate.OneOf([*ChargebackState]))
    amount = Money(required=True, metadata={"description": "What was taken out of the wallet, or is owed."})
    chargeback_id = fields.UUID(required=True, allow_none=True, attribute="transaction_id")
    created_at = Time(required=True)
    changed_at = Time(required=True, allow_none=True)


class SettlementCheckSchema(Schema):
    id = fields.UUID(required=True)
    since = Time(required=True)
    started_at = Time(required=True)
    finished_at = Time(required=True, allow_none=True)
    total = fields.Integer(required=True, metadata={"description": "How many payments are to be compared."})
    checked = fields.Integer(required=True)
    unanswered = fields.Integer(required=True, metadata={"description": "The gateway did not answer."})
    differences = fields.Integer(required=True)


class SettlementFindingSchema(Schema):
    intent_id = fields.UUID(required=True)
    gateway = fields.String(required=True)
    what = fields.String(required=True)
    ours = fields.String(required=True)
    theirs = fields.String(required=True)
    compared_at = Time(required=True)
