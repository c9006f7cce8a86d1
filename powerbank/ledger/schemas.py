from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.paging import PageArguments
from powerbank.base import money
from powerbank.ledger.accounts import Kind
from powerbank.ledger.services import EntryKind
from powerbank.ledger.wallet_models import AdjustmentStatus, TransactionStatus, TransactionType

TEXT = validate.Length(max=200)


def _in_its_currency(name: str) -> fields.Field[Any]:
    """`"150.00"` for money, `"150"` for points; a debit is negative."""
    return fields.Function(
        lambda line: money.format_in_currency(getattr(line, name), line.currency),
        metadata={"type": "string"},
        required=True,
    )


class WalletSchema(Schema):
    balance = Money(required=True)
    held = Money(required=True)
    currency = fields.String(required=True)
    points = fields.Integer(required=True)
    dues = Money(required=True)


class PeriodArguments(PageArguments):
    since = Time(load_default=None, allow_none=True, metadata={"description": "From this time on."})
    until = Time(load_default=None, allow_none=True, metadata={"description": "Before this time."})


class TransactionArguments(PeriodArguments):
    type = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*TransactionType]))
    status = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*TransactionStatus]))


class TransactionSchema(Schema):
    id = fields.UUID(required=True)
    type = fields.String(required=True, validate=validate.OneOf([*TransactionType]))
    status = fields.String(required=True, validate=validate.OneOf([*TransactionStatus]))
    direction = fields.String(required=True, validate=validate.OneOf(["in", "out"]))
    amount = Money(required=True)
    currency = fields.Constant(money.NPR, metadata={"type": "string"})
    wallet = Money(required=True, metadata={"description": "What of the amount came from or went to the wallet."})
    points = fields.Integer(required=True, metadata={"description": "Points that made up the rest."})
    refunded = Money(required=True)
    refund_of = fields.UUID(required=True, allow_none=True)
    entry_id = fields.UUID(required=True, allow_none=True)
    reference_kind = fields.String(required=True, allow_none=True)
    reference_id = fields.String(required=True, allow_none=True)
    description = fields.String(required=True)
    created_at = Time(required=True)


class AccountArguments(PageArguments):
    kind = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*Kind]))
    owner = fields.String(load_default=None, allow_none=True, validate=TEXT)
    currency = fields.String(load_default=None, allow_none=True, validate=validate.Length(equal=3))


class AccountSchema(Schema):
    id = fields.UUID(required=True, attribute="account.id")
    kind = fields.String(required=True, attribute="account.kind")
    owner = fields.String(required=True, attribute="account.owner")
    currency = fields.String(required=True, attribute="account.currency")
    normal_side = fields.String(required=True, attribute="account.normal")
    floored = Boolean(required=True, attribute="account.floored")
    balance = fields.Function(
        lambda row: money.format_in_currency(row["balance"], row["account"].currency),
        metadata={"type": "string", "description": "Positive on the account's normal side."},
        required=True,
    )


class PostingSchema(Schema):
    account_id = fields.UUID(required=True)
    account_kind = fields.String(required=True, attribute="account.kind")
    owner = fields.String(required=True, attribute="account.owner")
    amount = _in_its_currency("amount")
    currency = fields.String(required=True)


class EntrySchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    key = fields.String(required=True)
    description = fields.String(required=True)
    reference_kind = fields.String(required=True, allow_none=True)
    reference_id = fields.String(required=True, allow_none=True)
    actor = fields.String(required=True)
    created_at = Time(required=True)


class FullEntrySchema(EntrySchema):
    postings = fields.List(fields.Nested(PostingSchema), required=True)


class EntryArguments(PeriodArguments):
    kind = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*EntryKind]))
    reference_kind = fields.String(load_default=None, allow_none=True, validate=TEXT)
    reference_id = fields.String(load_default=None, allow_none=True, validate=TEXT)
    key = fields.String(load_default=None, allow_none=True, validate=TEXT)


class EntryExportArguments(EntryArguments):
    class Meta:
        exclude = ("limit", "cursor")


class StatementLineSchema(Schema):
    entry = fields.Nested(EntrySchema, required=True)
    amount = fields.Function(
        lambda line: money.format_in_currency(line.posting.amount, line.currency),
        metadata={"type": "string", "description": "A credit is positive, a debit negative."},
        required=True,
    )
    balance = _in_its_currency("balance")
    currency = fields.String(required=True)
    at = Time(required=True, attribute="posting.created_at")


class ReconciliationSchema(Schema):
    id = fields.UUID(required=True)
    started_at = Time(required=True)
    finished_at = Time(required=True, allow_none=True)
    entries = fields.Integer(required=True)
    accounts = fields.Integer(required=True)
    turnover = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    differences = fields.Integer(required=True)
    found = fields.List(fields.Dict(), required=True)


def _not_zero(value: int) -> None:
    if value == 0:
        raise ValidationError("Must not be zero.")


class _ReasonSchema(Schema):
    reason = fields.String(
        required=True, validate=validate.Length(3, 500), metadata={"description": "The person reads it."}
    )


class AdjustBalanceSchema(_ReasonSchema):
    amount = Money(required=True, least=None, most=100_000_000_00)


class AdjustPointsSchema(_ReasonSchema):
    points = fields.Integer(required=True, strict=True, validate=[validate.Range(-100_000_000, 100_000_000), _not_zero])


class AdjustedSchema(Schema):
    adjustment_id = fields.UUID(required=True)
    status = fields.String(required=True, validate=validate.OneOf([*AdjustmentStatus]))
    balance = Money(required=True)
    points = fields.Integer(required=True)
    currency = fields.String(required=True)


class AdjustmentArguments(PageArguments):
    status = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*AdjustmentStatus]))


class AdjustmentSchema(Schema):
    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    currency = fields.String(required=True)
    amount = _in_its_currency("amount")
    reason = fields.String(required=True)
    status = fields.String(required=True)
    asked_by = fields.UUID(required=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    entry_id = fields.UUID(required=True, allow_none=True)
    created_at = Time(required=True)
    decided_at = Time(required=True, allow_none=True)
