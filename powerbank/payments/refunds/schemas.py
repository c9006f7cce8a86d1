from marshmallow import Schema, fields, validate

from powerbank.api.fields import Money, Time
from powerbank.api.paging import PageArguments
from powerbank.base import money
from powerbank.payments.refunds.models import RefundStatus

STATUS = validate.OneOf([*RefundStatus])
REASON = validate.Length(3, 500)


class RefundRequestSchema(Schema):
    transaction_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=REASON)
    amount = Money(load_default=None, allow_none=True, metadata={"description": "All that is possible, if not given."})


class _RefundFieldsSchema(Schema):
    id = fields.UUID(required=True)
    transaction_id = fields.UUID(required=True)
    amount = Money(required=True)
    currency = fields.Constant(money.NPR, metadata={"type": "string"})
    reason = fields.String(required=True)
    status = fields.String(required=True, validate=STATUS)
    goes_to = fields.Function(
        lambda refund: "sources" if refund.intent_id is None else "gateway",
        metadata={"type": "string", "enum": ["sources", "gateway"]},
        required=True,
    )
    refund_transaction_id = fields.UUID(required=True, allow_none=True)
    created_at = Time(required=True)
    finished_at = Time(required=True, allow_none=True)


class RefundSchema(_RefundFieldsSchema):
    note = fields.Function(
        lambda refund: refund.note if refund.status == RefundStatus.REJECTED else None,
        metadata={"type": ["string", "null"], "description": "Why it was rejected."},
        required=True,
    )


class RefundArguments(PageArguments):
    status = fields.String(load_default=None, allow_none=True, validate=STATUS)


class StaffRefundArguments(RefundArguments):
    user_id = fields.UUID(load_default=None, allow_none=True)


class StaffRefundSchema(_RefundFieldsSchema):
    user_id = fields.UUID(required=True)
    intent_id = fields.UUID(required=True, allow_none=True)
    asked_by = fields.String(required=True)
    first_approved_by = fields.UUID(required=True, allow_none=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    decided_at = Time(required=True, allow_none=True)
    gateway_reference = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


class RejectSchema(Schema):
    reason = fields.String(required=True, validate=REASON)


class PaidByHandSchema(Schema):
    gateway_reference = fields.String(required=True, validate=validate.Length(1, 200))
