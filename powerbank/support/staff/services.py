"""What staff do with a conversation: answer, note, assign, snooze, solve, merge. Each is recorded in the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.api.auth import Staff
from powerbank.auth.staff import queries as staff_queries
from powerbank.auth.staff.roles import PERMISSIONS, Role
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import open_session
from powerbank.base.errors import InvalidFieldsError, NotFoundError
from powerbank.support import errors, lines, services, threads
from powerbank.support.models import Conversation, Sender, Status, SupportMessage


def reply(
    conversation_id: UUID,
    *,
    staff: Staff,
    text: str | None,
    photo: bytes | None,
    client_id: str | None,
    seen_up_to: UUID | None,
    solves: bool,
    now: datetime,
) -> tuple[SupportMessage, bool]:
    """Answer a person, and say whether the answer is new.

    `seen_up_to` is the newest message that the member has seen: if a colleague answered after it, this is refused.
    """
    conversation = _lock_open(conversation_id)
    repeated = threads.find_repeated(conversation, client_id, staff_id=staff.id)
    if repeated is not None:
        return repeated, False
    if seen_up_to is not None:
        _refuse_if_answered_since(conversation, seen_up_to, staff)
    message = threads.append_message(
        conversation, sender=Sender.STAFF, staff_id=staff.id, text=text, photo=photo, client_id=client_id, now=now
    )
    conversation.read_by_staff = message.id
    conversation.status, conversation.solved_at = Status.WAITING, None
    conversation.answer_due_at = conversation.escalated_at = conversation.snoozed_until = None
    conversation.first_answered_at = conversation.first_answered_at or now
    conversation.assignee_id = conversation.assignee_id or staff.id
    if solves:
        services.solve(conversation, now=now)
    threads.tell_person_later(conversation, message, now=now)
    _record("reply", conversation, staff, new={"message_id": str(message.id), "solves": solves})
    return message, True


def note(
    conversation_id: UUID, *, staff: Staff, text: str | None, photo: bytes | None, client_id: str | None, now: datetime
) -> tuple[SupportMessage, bool]:
    """Write a note that only staff see, and say whether it is new."""
    conversation = threads.lock_conversation(conversation_id)
    repeated = threads.find_repeated(conversation, client_id, staff_id=staff.id)
    if repeated is not None:
        return repeated, False
    message = threads.append_message(
        conversation,
        sender=Sender.STAFF,
        staff_id=staff.id,
        text=text,
        photo=photo,
        client_id=client_id,
        is_note=True,
        now=now,
    )
    _record("note", conversation, staff, new={"message_id": str(message.id)})
    return message, True


def mark_read(conversation_id: UUID, *, up_to: UUID) -> Conversation:
    """Note up to which message staff have read. The mark never goes back."""
    conversation = threads.lock_conversation(conversation_id)
    if open_session().get(SupportMessage, (conversation_id, up_to)) is None:
        raise NotFoundError("message")
    if conversation.read_by_staff is None or conversation.read_by_staff < up_to:
        conversation.read_by_staff = up_to
        threads.announce_conversation(conversation, kind="conversation_read")
    return conversation


def assign(conversation_id: UUID, *, assignee_id: UUID | None, staff: Staff) -> Conversation:
    """Give a conversation to a member of staff who may answer, or to nobody."""
    conversation = _lock_open(conversation_id)
    if assignee_id is not None:
        member = staff_queries.get_member(assignee_id)
        if not member.active or "support.write" not in PERMISSIONS[Role(member.role)]:
            raise InvalidFieldsError({"assignee": ["This member of staff does not answer people."]})
    before, conversation.assignee_id = conversation.assignee_id, assignee_id
    threads.announce_conversation(conversation)
    _record("assign", conversation, staff, old={"assignee": before}, new={"assignee": assignee_id})
    return conversation


def snooze(conversation_id: UUID, *, until: datetime, staff: Staff, now: datetime) -> Conversation:
    """Take a conversation out of the queue until a moment, or until its person writes."""
    if until <= now:
        raise InvalidFieldsError({"until": ["This moment is over."]})
    conversation = _lock_open(conversation_id)
    conversation.snoozed_until = until
    threads.announce_conversation(conversation)
    _record("snooze", conversation, staff, new={"until": until.isoformat()})
    return conversation


def solve(conversation_id: UUID, *, staff: Staff, now: datetime) -> Conversation:
    """Solve a conversation. A new message of its person opens it again for some days."""
    conversation = _lock_open(conversation_id)
    before = conversation.status
    services.solve(conversation, now=now)
    _record("solve", conversation, staff, old={"status": before}, new={"status": conversation.status})
    return conversation


def merge(conversation_id: UUID, *, into: UUID, staff: Staff, now: datetime) -> Conversation:
    """Merge a conversation into another one of the same person, and return that one.

    The messages stay where they were written, so that nothing that somebody has read moves; a line in each
    conversation leads to the other. What the person writes from now on stands in the one that is left.
    """
    if conversation_id == into:
        raise errors.cannot_be_merged("A conversation cannot be merged into itself.")
    found = {each: threads.lock_conversation(each) for each in sorted((conversation_id, into))}
    source, target = found[conversation_id], found[into]
    if source.user_id != target.user_id:
        raise errors.cannot_be_merged("These conversations are of two people.")
    if (source.side, source.partner_id) != (target.side, target.partner_id):
        raise errors.cannot_be_merged("What is written for a venue, as crew and as a rider stays apart.")
    if Status.CLOSED in (source.status, target.status):
        raise errors.cannot_be_merged("One of these conversations is closed.")
    if source.status == Status.OPEN:
        target.snoozed_until = None  # its person waits for an answer now
    if source.status == Status.OPEN and target.status != Status.OPEN:
        target.status, target.solved_at, target.answer_due_at = Status.OPEN, None, source.answer_due_at
    elif source.answer_due_at is not None and target.answer_due_at is not None:
        target.answer_due_at = min(source.answer_due_at, target.answer_due_at)
    services.solve(source, now=now)
    source.status, source.merged_into = Status.CLOSED, target.id
    lines.write_line(source, "merged_into", {}, now=now)
    lines.write_line(target, "merged_from", {}, now=now)
    _record("merge", source, staff, new={"into": str(into)})
    return target


def announce_typing(conversation_id: UUID, *, staff: Staff) -> None:
    """Tell whoever has the conversation open that a member of staff is typing. Nothing is stored."""
    threads.announce_typing(_find(conversation_id), by="staff", name=_name(staff))


def announce_presence(conversation_id: UUID, *, staff: Staff) -> None:
    """Tell the other members that this one has the conversation open. Nothing is stored."""
    threads.announce_presence(_find(conversation_id), name=_name(staff))


def _name(staff: Staff) -> str:
    return staff.email.partition("@")[0]


def _find(conversation_id: UUID) -> Conversation:
    conversation = open_session().get(Conversation, conversation_id)
    if conversation is None:
        raise NotFoundError("conversation")
    return conversation


def _lock_open(conversation_id: UUID) -> Conversation:
    conversation = threads.lock_conversation(conversation_id)
    if conversation.status == Status.CLOSED:
        raise errors.conversation_closed()
    return conversation


def _refuse_if_answered_since(conversation: Conversation, seen_up_to: UUID, staff: Staff) -> None:
    newer = open_session().scalar(
        select(SupportMessage.id)
        .where(
            SupportMessage.conversation_id == conversation.id,
            SupportMessage.id > seen_up_to,
            SupportMessage.sender == Sender.STAFF,
            SupportMessage.staff_id != staff.id,
            ~SupportMessage.is_note,
        )
        .order_by(SupportMessage.id.desc())
        .limit(1)
    )
    if newer is not None:
        raise errors.answered_meanwhile(newer)


def _record(
    action: str,
    conversation: Conversation,
    staff: Staff,
    *,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
) -> None:
    def as_text(values: dict[str, Any] | None) -> dict[str, Any] | None:
        return values and {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}

    audit.record(
        actor=staff_actor(staff.id),
        action=f"conversation.{action}",
        object_kind="conversation",
        object_id=conversation.id,
        old=as_text(old),
        new=as_text(new),
    )
