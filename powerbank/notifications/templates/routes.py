"""Serve staff the texts of messages."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.api.rate_limits import hit_or_refuse
from powerbank.base import audit
from powerbank.base.db import transaction
from powerbank.notifications.templates import rules
from powerbank.notifications.templates import services as templates
from powerbank.notifications.templates.drafts import Draft
from powerbank.notifications.templates.models import MessageTemplate
from powerbank.notifications.templates.schemas import (
    MessageTemplateSchema,
    PreviewSchema,
    TemplateArguments,
    TemplateChangeSchema,
    TestSendSchema,
    TestSentSchema,
    WordsSchema,
)
from powerbank.notifications.texts.built_in import Text

blueprint = Blueprint(
    "Message templates (staff)", __name__, url_prefix="/api/admin/templates", description="What messages say."
)
TESTS = "20 per hour"


@blueprint.route("")
class Templates(MethodView):
    @staff_only("templates.read")
    @blueprint.arguments(TemplateArguments, location="query")
    @blueprint.response(200, page_of(MessageTemplateSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """All of them, newest first; a type without one has its built-in text"""
        return templates.template_page(**arguments)

    @staff_only("templates.write")
    @blueprint.arguments(MessageTemplateSchema)
    @blueprint.response(201, MessageTemplateSchema)
    def post(self, body: dict[str, Any]) -> MessageTemplate:
        """Put words of your own in the place of the built-in ones"""
        with transaction():
            return templates.create_template(body, by=current_staff().id)


@blueprint.post("/preview")
@staff_only("templates.read")
@blueprint.arguments(PreviewSchema)
@blueprint.response(200, WordsSchema)
def preview(body: dict[str, Any]) -> Text:
    """What a reader would get"""
    draft = Draft(rules.find_notice_type(body["type"]), body["title"], body["body"])
    return templates.preview_draft(draft, body["language"], body["context"])


@blueprint.route("/<uuid:template_id>")
class OneTemplate(MethodView):
    @staff_only("templates.read")
    @blueprint.response(200, MessageTemplateSchema)
    def get(self, template_id: UUID) -> MessageTemplate:
        """One template"""
        return templates.find_template(template_id)

    @staff_only("templates.write")
    @blueprint.arguments(TemplateChangeSchema)
    @blueprint.response(200, MessageTemplateSchema)
    def patch(self, body: dict[str, Any], template_id: UUID) -> MessageTemplate:
        """Change its words, or switch it off"""
        with transaction():
            return templates.change_template(template_id, body, by=current_staff().id)

    @staff_only("templates.write")
    @blueprint.response(204)
    def delete(self, template_id: UUID) -> None:
        """Back to the built-in text"""
        with transaction():
            templates.delete_template(templates.lock_template(template_id), by=current_staff().id)


@blueprint.post("/<uuid:template_id>/test")
@staff_only("templates.write")
@blueprint.arguments(TestSendSchema)
@blueprint.response(202, TestSentSchema)
def send_test(body: dict[str, str], template_id: UUID) -> dict[str, Any]:
    """Send it with example values to a number or an address; a push, to the devices of the account it belongs to"""
    hit_or_refuse(TESTS, "template-test", str(current_staff().id))
    with transaction():
        template = templates.lock_template(template_id)
        sent_to = templates.send_test(template, body["to"])
        audit.record_by_staff("template.test", "message_template", template.id, new={"to": sent_to})
    return {"sent_to": sent_to}
