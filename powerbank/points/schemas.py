from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.paging import PageArguments
from powerbank.points.models import GrantStatus
from powerbank.users.schemas import NAME

MOST_RECIPIENTS = 10_000


class ExpiringSchema(Schema):
    points = fields.Function(lambda lot: lot[0], required=True, metadata={"type": "integer"})
    expires_at = fields.Function(
        lambda lot: Time().serialize("at", {"at": lot[1]}),
        required=True,
        metadata={"type": "string", "format": "date-time"},
    )


class PointsSchema(Schema):
    points = fields.Integer(required=True)
    held = fields.Integer(required=True, metadata={"description": "Put aside for what is not over yet."})
    due = fields.Integer(required=True, metadata={"description": "Owed: the next points fill it first."})
    value = Money(required=True, metadata={"description": "What the points can pay."})
    currency = fields.String(required=True)
    expiring = fields.List(
        fields.Nested(ExpiringSchema), required=True, metadata={"description": "The first to expire."}
    )


class ChangeSchema(Schema):
    id = fields.UUID(required=True, attribute="entry_id")
    kind = fields.String(required=True, attribute="entry.kind")
    reason = fields.String(required=True, attribute="entry.description")
    points = fields.Integer(required=True, attribute="amount", metadata={"description": "Below zero: went out."})
    balance = fields.Integer(required=True)
    reference_kind = fields.String(required=True, allow_none=True, attribute="entry.reference_kind")
    reference_id = fields.String(required=True, allow_none=True, attribute="entry.reference_id")
    created_at = Time(required=True)


class GrantTargetSchema(Schema):
    city = fields.String(load_default=None, allow_none=True, validate=NAME)
    kyc_verified = Boolean(load_default=None, allow_none=True)


class AskGrantSchema(Schema):
    """Either people by name, or everybody whom `target` fits; an empty one fits all."""

    points = fields.Integer(required=True, strict=True, validate=validate.Range(1, 100_000))
    reason = fields.String(required=True, validate=validate.Length(3, 200))
    user_ids = fields.List(fields.UUID(), load_default=None, validate=validate.Length(1, MOST_RECIPIENTS))
    target = fields.Nested(GrantTargetSchema, load_default=None)

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        if (data["user_ids"] is None) == (data["target"] is None):
            raise ValidationError("Give either user_ids or a target.", "user_ids")


class GrantArguments(PageArguments):
    status = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*GrantStatus]))


class GrantSchema(Schema):
    id = fields.UUID(required=True)
    points = fields.Integer(required=True)
    reason = fields.String(required=True)
    city = fields.String(required=True, allow_none=True)
    kyc_verified = Boolean(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf([*GrantStatus]))
    total = fields.Integer(required=True)
    awarded = fields.Integer(required=True)
    asked_by = fields.UUID(required=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    created_at = Time(required=True)
    finished_at = Time(required=True, allow_none=True)
