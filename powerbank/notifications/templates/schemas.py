"""The schemas of message templates and of the rules of channels."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Time
from powerbank.api.language import LANGUAGES
from powerbank.api.paging import PageArguments
from powerbank.notifications.models import Channel
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.preferences import PLACES
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.templates.drafts import LONGEST_BODY, LONGEST_TITLE

# A broadcast has no template: its sender writes the text.
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
