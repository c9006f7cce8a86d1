"""Payouts and payout accounts, as they are sent and shown."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Money, Time
from powerbank.api.paging import PageArguments, page_of
from powerbank.payouts.states import AccountKind, PayeeKind, Status
from powerbank.stations.schemas import NAME, PLAIN

REASON = [validate.Length(3, 300), PLAIN]
REFERENCE = [validate.Length(1, 100), PLAIN]
NUMBER = validate.Regexp(r"^[0-9A-Za-z-]{5,30}\Z", error="5 to 30 digits, letters or dashes.")
BANK = validate.Regexp(r"^[0-9A-Za-z-]{2,20}\Z", error="2 to 20 letters, digits or dashes.")


class PayeeSchema(Schema):
    kind = fields.String(required=True)
    id = fields.UUID(required=True)
    name = fields.String(required=True)


class PayoutSchema(Schema):
    payout_id = fields.UUID(required=True)
    payee = fields.Nested(PayeeSchema, required=True)
    cutoff = Time(required=True)
    amount = Money(required=True)
    currency = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([*Status]))
    approved_by = fields.String(required=True, allow_none=True)
    provider = fields.String(required=True)
    reference = fields.String(required=True, allow_none=True)
    statement_number = fields.String(required=True, allow_none=True)
    lines_count = fields.Integer(required=True)
    code = fields.String(required=True)
    account = fields.String(required=True, allow_none=True, metadata={"description": "masked"})
    batch = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    provider_said = fields.String(required=True, allow_none=True)
    outcome_said = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "what one person said became of it, until a second person says so too"},
    )
    created_at = Time(required=True)
    sent_at = Time(required=True, allow_none=True)
    paid_at = Time(required=True, allow_none=True)


class PayoutLineSchema(Schema):
    at = Time(required=True)
    kind = fields.String(required=True)
    rental_code = fields.String(required=True, allow_none=True)
    station_sn = fields.String(required=True, allow_none=True)
    gross = Money(required=True, least=None)
    tax = Money(required=True, least=None)
    share = Money(required=True, least=None)
    withheld = Money(required=True, least=None)
    amount = Money(required=True, least=None)
    earlier_statement = fields.String(required=True, allow_none=True)


class PayoutWithLinesSchema(PayoutSchema):
    lines = fields.List(fields.Nested(PayoutLineSchema), required=True, metadata={"description": "the first 100"})


class OwnPayoutSchema(PayoutSchema):
    """A payout as its payee sees it: without what staff do about it."""

    class Meta:
        exclude = ("approved_by", "batch", "outcome_said", "provider_said", "reason")


OwnPayoutPageSchema = page_of(OwnPayoutSchema)


class OwnPayoutWithLinesSchema(OwnPayoutSchema):
    class Meta:
        exclude = OwnPayoutSchema.Meta.exclude

    lines = fields.List(fields.Nested(PayoutLineSchema), required=True, metadata={"description": "the first 100"})


class PayoutArguments(PageArguments):
    status = fields.String(load_default=None, validate=validate.OneOf([*Status]))
    payee_kind = fields.String(load_default=None, validate=validate.OneOf([*PayeeKind]))
    payee_id = fields.UUID(load_default=None)
    cutoff = Time(load_default=None)


class RunSchema(Schema):
    cutoff = Time(load_default=None, allow_none=True)


class RunAcceptedSchema(Schema):
    operation_id = fields.UUID(required=True)


class ReasonSchema(Schema):
    reason = fields.String(load_default=None, allow_none=True, validate=REASON)


class NeededReasonSchema(Schema):
    reason = fields.String(required=True, validate=REASON)


class OutcomeSchema(Schema):
    result = fields.String(required=True, validate=validate.OneOf(["paid", "failed"]))
    reference = fields.String(required=True, validate=REFERENCE)
    reason = fields.String(load_default=None, allow_none=True, validate=REASON)


class BatchArguments(Schema):
    batch = fields.String(required=True, validate=validate.Length(1, 40))


class AnswersTakenSchema(Schema):
    paid = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    known = fields.Integer(required=True, metadata={"description": "answers that were taken over before"})


class AccountRequestSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf([*AccountKind]))
    bank_code = fields.String(load_default=None, allow_none=True, validate=BANK)
    account_number = fields.String(load_default=None, allow_none=True, validate=NUMBER)
    account_name = fields.String(required=True, validate=NAME)


class PayoutAccountSchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    provider = fields.String(required=True)
    bank_code = fields.String(required=True, allow_none=True)
    account_number = fields.String(required=True, allow_none=True, metadata={"description": "masked"})
    account_name = fields.String(required=True)
    status = fields.String(required=True)
    score = fields.Integer(required=True, allow_none=True)
    checked_at = Time(required=True, allow_none=True)
    check_note = fields.String(required=True, allow_none=True)
    usable_from = Time(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    created_at = Time(required=True)


class OwnAccountsSchema(Schema):
    items = fields.List(fields.Nested(PayoutAccountSchema), required=True)


class PayoutStatementSchema(Schema):
    """The head of a statement. It was written once, so it is shown as it stands."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    kind = fields.String(required=True)
    payee = fields.Nested(PayeeSchema, required=True)
    month = fields.String(required=True, allow_none=True, metadata={"example": "2026-11"})
    payout = fields.String(required=True, allow_none=True)
    currency = fields.String(required=True)
    opening = fields.String(required=True)
    earned = fields.String(required=True)
    paid = fields.String(required=True)
    closing = fields.String(required=True)
    totals = fields.Dict(required=True)
    lines_count = fields.Integer(required=True)
    made_at = fields.String(required=True)
    digest = fields.String(required=True)


PayoutStatementPageSchema = page_of(PayoutStatementSchema)
