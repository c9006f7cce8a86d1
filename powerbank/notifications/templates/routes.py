"""Staff: the words of messages."""

from typing import Any
from uuid import UUID

from flask.views import MethodView
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.fields import Boolean, Time
from powerbank.api.language import LANGUAGES
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page, page_of
from powerbank.api.rate_limits import hit_or_refuse
from powerbank.base import audit
from powerbank.base.db import db, transaction
from powerbank.base.errors import NotFoundError
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.preferences import PLACES
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.templates import rules
from powerbank.notifications.templates import services as templates
from powerbank.notifications.templates.drafts import LONGEST_BODY, LONGEST_TITLE, Draft
from powerbank.notifications.templates.models import MessageTemplate
from powerbank.notifications.texts.built_in import Text

blueprint = Blueprint(
    "Message templates (staff)", __name__, url_prefix="/api/admin/templates", description="What messages say."
)
TESTS = "20 per hour"
# A broadcast's words are its sender's.
TYPES = validate.OneOf([*(kind.value for kind in NoticeType if kind is not NoticeType.BROADCAST), *StaffNoticeType])
SOURCE = "Names of values in `{{ }}`, `{% if %}`, the filters `upper` and `lower`; values come written for the reader."


class DraftSchema(Schema):
    type = fields.String(required=True, validate=TYPES)
    channel = fields.String(required=True, validate=validate.OneOf(PLACES))
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    title = fields.String(required=True, validate=validate.Length(1, LONGEST_TITLE), metadata={"description": SOURCE})
    body = fields.String(required=True, validate=validate.Length(1, LONGEST_BODY), metadata={"description": SOURCE})


class MessageTemplateSchema(DraftSchema):
    id = fields.UUID(dump_only=True)
    active = Boolean(load_default=True)
    version = fields.Integer(dump_only=True)
    created_at = Time(dump_only=True)
    updated_at = Time(dump_only=True)


class TemplateChangeSchema(Schema):
    title = fields.String(validate=validate.Length(1, LONGEST_TITLE))
    body = fields.String(validate=validate.Length(1, LONGEST_BODY))
    active = Boolean()


class TemplateArguments(PageArguments):
    type = fields.String(load_default=None, validate=TYPES)
    language = fields.String(load_default=None, validate=validate.OneOf(LANGUAGES))


class PreviewSchema(DraftSchema):
    context = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        load_default=dict,
        validate=validate.Length(max=30),
        metadata={"description": "In place of the example values."},
    )


class WordsSchema(Schema):
    title = fields.String(required=True)
    body = fields.String(required=True)


class TestSendSchema(Schema):
    to = fields.String(required=True, validate=validate.Length(3, 254))


class TestSentSchema(Schema):
    sent_to = fields.List(fields.String(), required=True)


@blueprint.route("")
class Templates(MethodView):
    @staff_only("templates.read")
    @blueprint.arguments(TemplateArguments, location="query")
    @blueprint.response(200, page_of(MessageTemplateSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """All of them, newest first; a type without one has its built-in text"""
        wanted = {name: arguments.pop(name) for name in ("type", "language")}
        query = select(MessageTemplate).filter_by(**{name: value for name, value in wanted.items() if value})
        return page(query, MessageTemplate.id, descending=True, **arguments)

    @staff_only("templates.write")
    @blueprint.arguments(MessageTemplateSchema)
    @blueprint.response(201, MessageTemplateSchema)
    def post(self, body: dict[str, Any]) -> MessageTemplate:
        """Put words of your own in the place of the built-in ones"""
        with transaction():
            template = templates.create_template(body, by=current_staff().id)
            _audit("create", template, new=templates.audit_values(template))
        return template


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
        template = db.session.get(MessageTemplate, template_id)
        if template is None:
            raise NotFoundError("template")
        return template

    @staff_only("templates.write")
    @blueprint.arguments(TemplateChangeSchema)
    @blueprint.response(200, MessageTemplateSchema)
    def patch(self, body: dict[str, Any], template_id: UUID) -> MessageTemplate:
        """Change its words, or switch it off"""
        with transaction():
            old = templates.audit_values(templates.lock_template(template_id))
            template = templates.change_template(template_id, body, by=current_staff().id)
            _audit("update", template, old=old, new=templates.audit_values(template))
        return template

    @staff_only("templates.write")
    @blueprint.response(204)
    def delete(self, template_id: UUID) -> None:
        """Back to the built-in text"""
        with transaction() as session:
            template = templates.lock_template(template_id)
            _audit("delete", template, old=templates.audit_values(template))
            session.delete(template)


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
        _audit("test", template, new={"to": sent_to})
    return {"sent_to": sent_to}


def _audit(action: str, template: MessageTemplate, **values: Any) -> None:
    audit.by_staff(f"template.{action}", "message_template", template.id, **values)
