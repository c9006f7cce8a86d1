"""Pay plans and earnings, as staff and members send and see them."""

from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.paging import PageArguments
from powerbank.crew.tasks.states import TaskKind
from powerbank.stations.schemas import NAME


def _refuse_surge(factor: Decimal) -> None:
    """Refuse a factor beyond its limits. A range of the package would be written into the document as text."""
    if not 1 <= factor <= Decimal("2.5"):
        raise ValidationError("Must be from 1 to 2.5.")


class PayPlanChangeSchema(Schema):
    name = fields.String(required=True, validate=NAME)
    standard = Boolean(load_default=False, metadata={"description": "of members who have no other plan"})
    per_task = fields.Dict(
        keys=fields.String(validate=validate.OneOf([*TaskKind])), values=Money(least=0), load_default=dict
    )
    per_bank = Money(load_default=0, least=0)
    per_hour = Money(load_default=0, least=0)
    surge_most = fields.Decimal(
        load_default=1,
        as_string=True,
        places=2,
        validate=_refuse_surge,
        metadata={
            "type": "string",
            "pattern": r"^[12](\.\d{1,2})?$",
            "example": "1.50",
            "description": "the factor of the most urgent tasks, from 1 to 2.5",
        },
    )
    surge_from = Money(load_default=0, least=0, metadata={"description": "the priority at which it begins to grow"})
    surge_full = Money(load_default=500_00, metadata={"description": "the priority from which it is the most"})

    @validates_schema
    def _grows(self, data: dict[str, Any], **_: Any) -> None:
        if "surge_from" in data and "surge_full" in data and data["surge_from"] >= data["surge_full"]:
            raise ValidationError("Must be above surge_from.", "surge_full")


class PayPlanSchema(PayPlanChangeSchema):
    id = fields.UUID(dump_only=True)
    created_at = Time(dump_only=True)


class CrewEarningsArguments(PageArguments):
    begin = fields.Date(load_default=None, allow_none=True, data_key="from")
    end = fields.Date(load_default=None, allow_none=True, data_key="to", metadata={"description": "the day after"})


class EarningDaySchema(Schema):
    day = fields.Date(required=True)
    amount = Money(required=True, least=None)
    tasks = fields.Integer(required=True)
    seconds = fields.Integer(required=True, metadata={"description": "of shifts that ended that day, without breaks"})


class EarningSchema(Schema):
    id = fields.UUID(required=True)
    at = Time(required=True)
    kind = fields.String(required=True, metadata={"description": "task, shift or reversal"})
    amount = Money(required=True, least=None)
    task_id = fields.UUID(required=True, allow_none=True)
    task_kind = fields.String(required=True, allow_none=True)
    station_sn = fields.String(required=True, allow_none=True)
    shift_id = fields.UUID(required=True, allow_none=True)
    seconds = fields.Integer(required=True, allow_none=True)


class CrewEarningsSchema(Schema):
    currency = fields.String(required=True)
    payable = Money(required=True, least=None, metadata={"description": "earned and not paid out yet"})
    total = Money(required=True, least=None)
    days = fields.List(fields.Nested(EarningDaySchema), required=True)
    items = fields.List(fields.Nested(EarningSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
