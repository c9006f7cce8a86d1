"""Serve staff the rules that say which channels each type of message takes."""

from typing import Any

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.base.db import transaction
from powerbank.notifications.templates import rules
from powerbank.notifications.templates.schemas import RuleChangeSchema, RuleSchema, RulesSchema

blueprint = Blueprint(
    "Message rules (staff)", __name__, url_prefix="/api/admin/rules", description="Which channels a type takes."
)


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
            rules.choose_channels(kind, body["channels"], by=current_staff().id)
            return rules.find_rule(kind)

    @staff_only("templates.write")
    @blueprint.response(200, RuleSchema)
    def delete(self, type_name: str) -> dict[str, Any]:
        """Back to the built-in channels"""
        kind = rules.find_notice_type(type_name)
        with transaction():
            rules.reset_channels(kind, by=current_staff().id)
            return rules.find_rule(kind)
