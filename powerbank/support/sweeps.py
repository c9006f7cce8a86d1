"""What time does to conversations: an answer is late, a solved one closes, old contents are deleted."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, select, tuple_, update

from powerbank.base.db import open_session
from powerbank.live import changes
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from powerbank.outbox.enqueue import publish
from powerbank.support.events import SupportOverdue
from powerbank.support.models import Conversation, Status, SupportMessage
from powerbank.support.threads import STAFF_TOPIC, announce_conversation
from powerbank.users.queries import is_blocked

BATCH = 500
REOPENED_WITHIN = timedelta(days=7)
RETENTION = timedelta(days=730)
NOTICES = {"push": NoticeType.SUPPORT_ANSWERED, "email": NoticeType.SUPPORT_ANSWER_WAITS}
# Whose account is blocked has no app that pushes would reach.
NOTICES_OF_BLOCKED = {"email": NoticeType.SUPPORT_ANSWERED_BLOCKED}


def escalate_late_answers(*, now: datetime) -> int:
    """Alert staff of each answer that is late, once, and return how many there were in this batch."""
    session = open_session()
    late = session.scalars(
        select(Conversation)
        .where(Conversation.answer_due_at <= now, Conversation.escalated_at.is_(None))
        .order_by(Conversation.answer_due_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for conversation in late:
        conversation.escalated_at = now
        due = conversation.answer_due_at or now
        publish(
            SupportOverdue(
                conversation_id=conversation.id,
                message_id=conversation.last_message_id,
                subject=conversation.subject,
                minutes=int((now - due).total_seconds() // 60),
            )
        )
        announce_conversation(conversation)
    return len(late)


def close_solved_conversations(*, now: datetime) -> int:
    """Close conversations that nobody opened again, and return how many there were in this batch."""
    old = (
        select(Conversation.id)
        .where(Conversation.status == Status.SOLVED, Conversation.solved_at < now - REOPENED_WITHIN)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    closed = (
        open_session()
        .scalars(
            update(Conversation)
            .where(Conversation.id.in_(old.scalar_subquery()))
            .values(status=Status.CLOSED)
            .returning(Conversation.id)
        )
        .all()
    )
    if closed:
        changes.announce(STAFF_TOPIC, kind="conversation", id=None)
    return len(closed)


def tell_of_answer(conversation_id: UUID, message_id: UUID, *, channel: str) -> None:
    """Tell a person of an answer that they have not read. For each answer there is one push; an e-mail comes once until
    they read again."""
    conversation = open_session().get(Conversation, conversation_id)
    if conversation is None or conversation.status == Status.CLOSED:
        return
    if conversation.read_by_person is not None and conversation.read_by_person >= message_id:
        return
    notices = NOTICES_OF_BLOCKED if is_blocked(conversation.user_id) else NOTICES
    if channel not in notices:
        return
    about = message_id if channel == "push" else conversation.read_by_person or conversation_id
    notify(
        user_id=conversation.user_id,
        type=notices[channel],
        context={"conversation_id": str(conversation_id)},
        dedup_key=f"support:{channel}:{about}",
    )


def delete_old_messages(*, now: datetime) -> int:
    """Delete messages that are older than two years with their pictures, and return how many this batch had."""
    old = (
        select(SupportMessage.conversation_id, SupportMessage.id)
        .where(SupportMessage.created_at < now - RETENTION)
        .limit(BATCH)
    )
    done = open_session().execute(
        delete(SupportMessage).where(tuple_(SupportMessage.conversation_id, SupportMessage.id).in_(old))
    )
    return cast(CursorResult[Any], done).rowcount
