"""People talk to the staff who run the network. Whose account is blocked still writes about money that is theirs."""

from typing import Any
from uuid import UUID

from flask import Response

from powerbank.api import uploads
from powerbank.api.auth import came_blocked, current_user_id, user_also_blocked
from powerbank.api.language import wanted_language
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.api.rate_limits import hit_if_counted
from powerbank.base.db import transaction, utcnow
from powerbank.support import photos, queries, services
from powerbank.support.models import Conversation, Side, Subject, SupportMessage
from powerbank.support.schemas import (
    BeginSchema,
    ConversationArguments,
    ConversationSchema,
    MessageArguments,
    MessageSchema,
    MessageWrittenSchema,
    PersonHoursSchema,
    RatingSchema,
    ReadSchema,
    SuggestionArguments,
    SuggestionsSchema,
)
from powerbank.support.sides import find_writer
from powerbank.support.staffing import hours

blueprint = Blueprint(
    "support", __name__, url_prefix="/api/support", description="Conversations with the staff of the network."
)


@blueprint.post("/conversations")
@user_also_blocked
@uploads.takes_a_photo
@blueprint.arguments(BeginSchema, location="json_or_form")
@blueprint.response(201, ConversationSchema)
def begin(body: dict[str, Any]) -> dict[str, Any]:
    """Begin a conversation, or go on in the one about the same thing"""
    hit_if_counted(
        services.BEGINNINGS_OF_BLOCKED if came_blocked() else services.BEGINNINGS, "support", str(current_user_id())
    )
    photo = photos.remake_photo(body["photo"])
    with transaction():
        conversation = services.begin_conversation(
            find_writer(current_user_id(), Side(body["side"]), body["partner_id"]),
            subject=Subject(body["about"]["kind"]),
            subject_name=body["about"]["id"],
            language=wanted_language(),
            text=body["text"],
            photo=photo,
            client_id=body["client_id"],
            now=utcnow(),
        )
    return _shown(conversation)


@blueprint.get("/conversations")
@user_also_blocked
@blueprint.arguments(ConversationArguments, location="query")
@blueprint.response(200, page_of(ConversationSchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """One's conversations, the newest message first"""
    side, partner_id = Side(arguments.pop("side")), arguments.pop("partner_id")
    writer = find_writer(current_user_id(), side, partner_id)
    return queries.conversation_page_of_writer(writer, **arguments)


@blueprint.get("/conversations/<uuid:conversation_id>")
@user_also_blocked
@blueprint.response(200, ConversationSchema)
def detail(conversation_id: UUID) -> dict[str, Any]:
    """One conversation"""
    return _shown(queries.conversation_of_user(conversation_id, current_user_id()))


@blueprint.get("/conversations/<uuid:conversation_id>/messages")
@user_also_blocked
@blueprint.arguments(MessageArguments, location="query")
@blueprint.response(200, page_of(MessageSchema))
def messages(arguments: dict[str, Any], conversation_id: UUID) -> dict[str, Any]:
    """What was said, oldest first"""
    queries.conversation_of_user(conversation_id, current_user_id())
    return queries.message_page(conversation_id, with_notes=False, **arguments)


@blueprint.post("/conversations/<uuid:conversation_id>/messages")
@user_also_blocked
@uploads.takes_a_photo
@blueprint.arguments(MessageWrittenSchema, location="json_or_form")
@blueprint.response(201, MessageSchema)
@blueprint.alt_response(200, schema=MessageSchema, description="The message was there already.")
def write(body: dict[str, Any], conversation_id: UUID) -> tuple[SupportMessage, int]:
    """Write a message; what is sent again under its `client_id` is the same message"""
    hit_if_counted(
        services.MESSAGES_OF_BLOCKED if came_blocked() else services.MESSAGES, "support-message", str(current_user_id())
    )
    photo = photos.remake_photo(body["photo"])
    with transaction():
        message, is_new = services.write_message(
            conversation_id,
            user_id=current_user_id(),
            text=body["text"],
            photo=photo,
            client_id=body["client_id"],
            now=utcnow(),
        )
    return message, 201 if is_new else 200


@blueprint.get("/conversations/<uuid:conversation_id>/messages/<uuid:message_id>/photo.jpg")
@user_also_blocked
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def photo(conversation_id: UUID, message_id: UUID) -> Response:
    """The picture of a message"""
    queries.conversation_of_user(conversation_id, current_user_id())
    return photos.answer_with_photo(queries.find_photo(conversation_id, message_id, with_notes=False))


@blueprint.post("/conversations/<uuid:conversation_id>/read")
@user_also_blocked
@blueprint.arguments(ReadSchema)
@blueprint.response(200, ConversationSchema)
def read(body: dict[str, Any], conversation_id: UUID) -> dict[str, Any]:
    """All up to this message is read"""
    with transaction():
        conversation = services.mark_read(conversation_id, user_id=current_user_id(), up_to=body["up_to"])
    return _shown(conversation)


@blueprint.post("/conversations/<uuid:conversation_id>/typing")
@user_also_blocked
@blueprint.response(204)
def typing(conversation_id: UUID) -> None:
    """The person is typing; nothing is stored"""
    hit_if_counted(services.TYPING, "support-typing", str(current_user_id()))
    with transaction():
        services.announce_typing(conversation_id, user_id=current_user_id())


@blueprint.post("/conversations/<uuid:conversation_id>/solved")
@user_also_blocked
@blueprint.response(200, ConversationSchema)
def solved(conversation_id: UUID) -> dict[str, Any]:
    """Nothing more is needed"""
    with transaction():
        conversation = services.solve_by_person(conversation_id, user_id=current_user_id(), now=utcnow())
    return _shown(conversation)


@blueprint.post("/conversations/<uuid:conversation_id>/rating")
@user_also_blocked
@blueprint.arguments(RatingSchema)
@blueprint.response(200, ConversationSchema)
def rating(body: dict[str, Any], conversation_id: UUID) -> dict[str, Any]:
    """How it went, said once"""
    with transaction():
        conversation = services.rate(conversation_id, user_id=current_user_id(), **body, now=utcnow())
    return _shown(conversation)


@blueprint.get("/suggestions")
@user_also_blocked
@blueprint.arguments(SuggestionArguments, location="query")
@blueprint.response(200, SuggestionsSchema)
def suggestions(arguments: dict[str, Any]) -> dict[str, Any]:
    """Answers of the FAQ that may spare the question, in the language of Accept-Language"""
    return {"items": queries.suggest_answers(arguments["text"], wanted_language()), "next_cursor": None}


@blueprint.get("/hours")
@user_also_blocked
@blueprint.response(200, PersonHoursSchema)
def opening() -> dict[str, Any]:
    """Whether somebody answers now, and when an answer can be expected"""
    return hours.describe_now(utcnow())


def _shown(conversation: Conversation) -> dict[str, Any]:
    return queries.describe_for_person([conversation])[0]
