"""Staff: which channels each type of message takes."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.fields import Boolean, Time
from powerbank.api.openapi import Blueprint
from powerbank.base import audit
from powerbank.base.db import transaction
from powerbank.notifications.models import Channel
from powerbank.notifications.templates import rules

blueprint = Blueprint(
    "Message rules (staff)", __name__, url_prefix="/api/admin/rules", description="Which channels a type takes."
)
CHANNELS = fields.List(
    fields.String(validate=validate.OneOf([channel.value for channel in Channel])),
    required=True,
    validate=validate.Length(max=3),
    metadata={"description": "Besides the list in the app or the console."},
)


class RuleSchema(Schema):
    type = fields.String(required=True)
    audience = fields.String(required=True, validate=validate.OneOf(["user", "staff"]))
    group = fields.String(required=True, allow_none=True)
    urgent = Boolean(required=True, metadata={"description": "Quiet hours do not hold it back."})
    fixed = Boolean(required=True, metadata={"description": "Its channels cannot be changed."})
    channels = CHANNELS
    default_channels = fields.List(fields.String(), required=True)
    updated_at = Time(required=True, allow_none=True)


class RulesSchema(Schema):
    items = fields.List(fields.Nested(RuleSchema), required=True)
    next_cursor = fields.String(dump_default=None, allow_none=True)


class RuleChangeSchema(Schema):
    channels = CHANNELS


@blueprint.get("")
@staff_only("templates.read")
@blueprint.response(200, RulesSchema)
def listing() -> dict[str, Any]:
    """Every type of message, for people and for staff"""
    return {"items": rules.list_rules()}


@blueprint.route("/<string:type_name>")
class OneRule(MethodView):
    @staff_only("templates.read")
    @blueprint.response(200, RuleSchema)
    def get(self, type_name: str) -> dict[str, Any]:
        """One type"""
        return rules.find_rule(rules.find_notice_type(type_name))

    @staff_only("templates.write")
    @blueprint.arguments(RuleChangeSchema)
    @blueprint.response(200, RuleSchema)
    def patch(self, body: dict[str, Any], type_name: str) -> dict[str, Any]:
        """Choose its channels"""
        kind = rules.find_notice_type(type_name)
        with transaction():
            old = rules.find_rule(kind)["channels"]
            rules.choose_channels(kind, body["channels"], by=current_staff().id)
            new = rules.find_rule(kind)
            audit.by_staff("rule.set", "rule", kind, old={"channels": old}, new={"channels": new["channels"]})
        return new

    @staff_only("templates.write")
    @blueprint.response(200, RuleSchema)
    def delete(self, type_name: str) -> dict[str, Any]:
        """Back to the built-in channels"""
        kind = rules.find_notice_type(type_name)
        with transaction():
            old = rules.find_rule(kind)["channels"]
            rules.reset_channels(kind)
            new = rules.find_rule(kind)
            audit.by_staff("rule.reset", "rule", kind, old={"channels": old}, new={"channels": new["channels"]})
        return new
