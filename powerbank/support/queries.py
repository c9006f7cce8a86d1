"""Read conversations and their messages, as their person sees them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.content import queries as content
from powerbank.content.models import FaqItem
from powerbank.live.topics import Follower
from powerbank.support import subjects
from powerbank.support.models import Conversation, Sender, SupportMessage, SupportPhoto
from powerbank.support.sides import Writer, is_still_there
from powerbank.support.staffing.routing import topic_of
from powerbank.support.threads import topic_of_conversation

MOST_SHOWN = 200  # messages of a conversation on a page
MOST_SUGGESTIONS = 3
SHORTEST_WORD = 3  # letters; shorter words say little about a question


def conversation_of_user(conversation_id: UUID, user_id: UUID) -> Conversation:
    """Return the conversation if it is this person's, or refuse with 404. Who has left a venue or the crew has none."""
    query = select(Conversation).where(Conversation.id == conversation_id, Conversation.user_id == user_id)
    found: Conversation | None = db.session.scalar(query)
    if found is None or not is_still_there(found):
        raise NotFoundError("conversation")
    return found


def conversation_of_writer(conversation_id: UUID, writer: Writer) -> Conversation:
    """Return the conversation if this person began it as who they are here, or refuse with 404."""
    found = conversation_of_user(conversation_id, writer.user_id)
    if (found.side, found.partner_id) != (writer.side, writer.partner_id):
        raise NotFoundError("conversation")
    return found


def conversation_page_of_writer(writer: Writer, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return a page of what a person wrote as somebody, the conversation with the newest message first."""
    query = select(Conversation).where(Conversation.user_id == writer.user_id, Conversation.side == writer.side)
    if writer.partner_id is not None:
        query = query.where(Conversation.partner_id == writer.partner_id)
    found = page(query, Conversation.last_message_id, limit=limit, cursor=cursor, descending=True)
    return found | {"items": describe_for_person(found["items"])}


def describe_for_person(conversations: Sequence[Conversation]) -> list[dict[str, Any]]:
    """Describe conversations with what their person has not read yet."""
    unread = _count_unread(conversations, Conversation.read_by_person, SupportMessage.sender != Sender.PERSON)
    return describe(conversations, unread)


def describe_for_staff(conversations: Sequence[Conversation]) -> list[dict[str, Any]]:
    """Describe conversations with what no member of staff has read yet."""
    unread = _count_unread(conversations, Conversation.read_by_staff, SupportMessage.sender == Sender.PERSON)
    return describe(conversations, unread)


def describe(conversations: Sequence[Conversation], unread: dict[UUID, int]) -> list[dict[str, Any]]:
    names = subjects.name_subjects(conversations)
    columns = Conversation.__table__.columns.keys()
    return [
        {name: getattr(each, name) for name in columns}
        | {"about": {"kind": each.subject, "id": names[each.id]}, "unread": unread.get(each.id, 0)}
        | {"topic": topic_of(each).value}
        for each in conversations
    ]


def message_page(
    conversation_id: UUID, *, with_notes: bool, after: UUID | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Return a page of messages, oldest first, from the one behind `after` on."""
    query = select(SupportMessage).where(SupportMessage.conversation_id == conversation_id)
    if not with_notes:
        query = query.where(~SupportMessage.is_note)
    if after is not None:
        query = query.where(SupportMessage.id > after)
    return page(query, SupportMessage.id, limit=limit, cursor=cursor)


def newest_messages(conversation_id: UUID, *, with_notes: bool) -> list[SupportMessage]:
    """Return the newest messages, oldest first."""
    query = select(SupportMessage).where(SupportMessage.conversation_id == conversation_id)
    if not with_notes:
        query = query.where(~SupportMessage.is_note)
    found = db.session.scalars(query.order_by(SupportMessage.id.desc()).limit(MOST_SHOWN)).all()
    return [*reversed(found)]


def is_visible_message(conversation_id: UUID, message_id: UUID) -> bool:
    found = db.session.get(SupportMessage, (conversation_id, message_id))
    return found is not None and not found.is_note


def find_photo(conversation_id: UUID, message_id: UUID, *, with_notes: bool) -> bytes:
    """Find the picture of a message, or refuse with 404."""
    query = (
        select(SupportPhoto.content)
        .join(SupportMessage, SupportMessage.id == SupportPhoto.message_id)
        .where(SupportPhoto.conversation_id == conversation_id, SupportPhoto.message_id == message_id)
    )
    if not with_notes:
        query = query.where(~SupportMessage.is_note)
    found: bytes | None = db.session.scalar(query)
    if found is None:
        raise NotFoundError("photo")
    return found


def suggest_answers(text: str, language: str) -> list[FaqItem]:
    """Suggest the questions of the FAQ that share most words with what a person is about to ask."""
    asked = _words(text)
    scored = [(len(asked & _words(f"{item.question} {item.answer}")), item) for item in content.find_faq(language)]
    fitting = [(score, item) for score, item in scored if score]
    return [item for _, item in sorted(fitting, key=lambda each: -each[0])[:MOST_SUGGESTIONS]]


def find_conversation_topic(follower: Follower, conversation_id: str) -> str | None:
    """`conversation:<id>`: its person and the staff of support may follow it."""
    try:
        found = db.session.get(Conversation, UUID(conversation_id))
    except ValueError:
        return None
    if found is None:
        return None
    is_own = found.user_id == follower.user_id and is_still_there(found)
    if not (is_own or follower.may("support.read")):
        return None
    return topic_of_conversation(found.id)


def is_overdue(now: datetime) -> ColumnElement[bool]:
    return Conversation.answer_due_at <= now


def is_awake(now: datetime) -> ColumnElement[bool]:
    return or_(Conversation.snoozed_until.is_(None), Conversation.snoozed_until <= now)


def _count_unread(conversations: Collection[Conversation], mark: Any, whose: ColumnElement[bool]) -> dict[UUID, int]:
    if not conversations:
        return {}
    query = (
        select(SupportMessage.conversation_id, func.count())
        .join(Conversation, Conversation.id == SupportMessage.conversation_id)
        .where(
            SupportMessage.conversation_id.in_([each.id for each in conversations]),
            or_(mark.is_(None), SupportMessage.id > mark),
            whose,
            ~SupportMessage.is_note,
        )
        .group_by(SupportMessage.conversation_id)
    )
    return dict(db.session.execute(query).all())


def _words(text: str) -> set[str]:
    kept = "".join(letter if letter.isalnum() or ord(letter) > 127 else " " for letter in text.lower())
    return {word for word in kept.split() if len(word) >= SHORTEST_WORD}
