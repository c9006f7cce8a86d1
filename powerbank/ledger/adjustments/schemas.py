from flask import Response, jsonify
from marshmallow import Schema, fields, validate

from powerbank.api.fields import Money, Time
from powerbank.api.paging import PageArguments
from powerbank.base import money
from powerbank.ledger.adjustments.models import Act, ActStatus, StaffAct


class StaffActSchema(Schema):
    id = fields.UUID(required=True)
    act = fields.String(required=True, validate=validate.OneOf([*Act]))
    status = fields.String(required=True, validate=validate.OneOf([*ActStatus]))
    about_kind = fields.String(required=True)
    about_id = fields.String(required=True)
    worth = Money(required=True, metadata={"description": "Points by what they can pay."})
    currency = fields.Constant(money.NPR, metadata={"type": "string"})
    reason = fields.String(required=True)
    details = fields.Dict(required=True)
    staff_id = fields.UUID(required=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    created_at = Time(required=True)
    decided_at = Time(required=True, allow_none=True)


class StaffActArguments(PageArguments):
    status = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*ActStatus]))
    staff_id = fields.UUID(load_default=None, allow_none=True)


def answer_with_waiting_act(act: StaffAct) -> Response:
    """Answer that a second person has to decide on an act."""
    response = jsonify(StaffActSchema().dump(act))
    response.status_code = 202
    return response
