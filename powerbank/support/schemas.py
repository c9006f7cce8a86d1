"""Conversations and messages, as people and staff see them."""

from typing import Any

from flask import url_for
from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.api.uploads import PhotoField
from powerbank.support.models import Sender, Side, Status, Subject

PHOTO = {"description": "JPEG, PNG or WebP: a file of a form, or base64"}
LONGEST_TEXT = 4_000


class SubjectSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf([*Subject]))
    id = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 100),
        metadata={"description": "the number of a station, the id of anything else"},
    )


class WrittenSchema(Schema):
    """A text, a picture, or both."""

    client_id = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 100),
        metadata={"description": "made by the client; a message that is sent again under it is the same message"},
    )
    text = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, LONGEST_TEXT))
    photo = PhotoField(load_default=None, allow_none=True, metadata=PHOTO)

    @pre_load
    def _trim(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        text = data.get("text")
        return {**data, "text": text.strip() or None} if isinstance(text, str) else data

    @validates_schema
    def _says_something(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("text") is None and data.get("photo") is None:
            raise ValidationError("Write a text or add a picture.", "text")


class WriterSchema(Schema):
    """As whom somebody writes who does more than to rent."""

    side = fields.String(load_default=Side.RIDER.value, validate=validate.OneOf([*Side]))
    partner_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "for which venue a member of several writes"},
    )


class BeginSchema(WrittenSchema, WriterSchema):
    about = fields.Nested(SubjectSchema, load_default=lambda: {"kind": Subject.OTHER.value, "id": None})


class MessageWrittenSchema(WrittenSchema):
    client_id = fields.String(required=True, validate=validate.Length(1, 100))


class MessageSchema(Schema):
    id = fields.UUID(required=True)
    conversation_id = fields.UUID(required=True)
    client_id = fields.String(required=True, allow_none=True)
    sender = fields.String(required=True, data_key="from", validate=validate.OneOf([*Sender]))
    text = fields.String(required=True, allow_none=True)
    photo = fields.Method("_photo", required=True, allow_none=True, metadata={"type": "string"})
    created_at = Time(required=True, data_key="at")

    photo_view = "support.photo"

    def _photo(self, message: Any) -> str | None:
        if not message.has_photo:
            return None
        address: str = url_for(
            self.photo_view, conversation_id=message.conversation_id, message_id=message.id, _external=False
        )
        return address


class ConversationSchema(Schema):
    id = fields.UUID(required=True)
    side = fields.String(required=True, validate=validate.OneOf([*Side]))
    partner_id = fields.UUID(required=True, allow_none=True)
    about = fields.Nested(SubjectSchema, required=True)
    status = fields.String(required=True, validate=validate.OneOf([*Status]))
    unread = fields.Integer(required=True)
    created_at = Time(required=True)
    last_message_at = Time(required=True)
    answer_due_at = Time(
        required=True, allow_none=True, metadata={"description": "until when staff promise an answer that they owe"}
    )
    solved_at = Time(required=True, allow_none=True)
    read_by_staff = fields.UUID(
        required=True, allow_none=True, metadata={"description": "the message up to which staff have read"}
    )
    rating = fields.Integer(required=True, allow_none=True)
    merged_into = fields.UUID(required=True, allow_none=True)


class ConversationArguments(PageArguments, WriterSchema):
    """Which conversations of one's own: those of the rider, unless said otherwise."""


class MessageArguments(PageArguments):
    after = fields.UUID(load_default=None, metadata={"description": "only what came after this message"})


class ReadSchema(Schema):
    up_to = fields.UUID(required=True)


class RatingSchema(Schema):
    score = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    comment = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 1000))


class SuggestionArguments(Schema):
    text = fields.String(required=True, validate=validate.Length(1, LONGEST_TEXT))


class SuggestionSchema(Schema):
    question = fields.String(required=True)
    answer = fields.String(required=True)


class SuggestionsSchema(Schema):
    items = fields.List(fields.Nested(SuggestionSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PersonHoursSchema(Schema):
    open_now = Boolean(required=True)
    answer_expected_at = Time(required=True, metadata={"description": "for what is written now"})
