"""The thread of a conversation: it is locked, gets a message, and whoever has it open is told."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base.db import new_id, open_session
from powerbank.base.errors import NotFoundError
from powerbank.live import changes
from powerbank.outbox.catalogue import support_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.support.models import Conversation, Sender, SupportMessage, SupportPhoto

STAFF_TOPIC = "support"
# Who has the conversation open has read an answer by then, and needs no push. Others get an e-mail after the second.
PUSH_AFTER = timedelta(seconds=15)
EMAIL_AFTER = timedelta(minutes=10)


def lock_conversation(conversation_id: UUID) -> Conversation:
    """Lock a conversation until the end of the transaction, or refuse with 404."""
    found = open_session().get(Conversation, conversation_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFoundError("conversation")
    return found


def find_repeated(conversation: Conversation, client_id: str | None, *, staff_id: UUID | None) -> SupportMessage | None:
    """Find the message that its sender has sent before under the same `client_id`. The conversation is locked."""
    if client_id is None:
        return None
    found: SupportMessage | None = open_session().scalar(
        select(SupportMessage).where(
            SupportMessage.conversation_id == conversation.id,
            func.coalesce(SupportMessage.staff_id, SupportMessage.conversation_id) == (staff_id or conversation.id),
            SupportMessage.client_id == client_id,
        )
    )
    return found


def append_message(
    conversation: Conversation,
    *,
    sender: Sender,
    text: str | None,
    now: datetime,
    staff_id: UUID | None = None,
    client_id: str | None = None,
    photo: bytes | None = None,
    is_note: bool = False,
) -> SupportMessage:
    """Append a message to a locked conversation."""
    session = open_session()
    message = SupportMessage(
        conversation_id=conversation.id,
        id=_next_id(conversation.id),
        client_id=client_id,
        sender=sender,
        staff_id=staff_id,
        is_note=is_note,
        text=text,
        has_photo=photo is not None,
        created_at=now,
    )
    session.add(message)
    session.flush()
    if photo is not None:
        session.add(SupportPhoto(conversation_id=conversation.id, message_id=message.id, content=photo))
    if is_note:
        changes.announce(STAFF_TOPIC, kind="conversation", id=conversation.id)
        return message
    conversation.last_message_id, conversation.last_message_at = message.id, now
    announce_conversation(conversation)
    return message


def find_newest_message(conversation_id: UUID) -> SupportMessage | None:
    """Find the newest message that the person may see."""
    found: SupportMessage | None = open_session().scalar(
        select(SupportMessage)
        .where(SupportMessage.conversation_id == conversation_id, ~SupportMessage.is_note)
        .order_by(SupportMessage.id.desc())
        .limit(1)
    )
    return found


def tell_person_later(conversation: Conversation, message: SupportMessage, *, now: datetime) -> None:
    """Have the person told of an answer that they have not read by then, by push and later by e-mail."""
    for after, channel in ((PUSH_AFTER, "push"), (EMAIL_AFTER, "email")):
        enqueue(
            support_jobs.TELL_SUPPORT_ANSWER,
            at=now + after,
            conversation_id=str(conversation.id),
            message_id=str(message.id),
            channel=channel,
        )


def announce_conversation(conversation: Conversation, *, kind: str = "conversation") -> None:
    """Tell the person's devices, whoever has the conversation open, and the queue of staff that it has changed."""
    topics = (topic_of_conversation(conversation.id), changes.topic_of_user(conversation.user_id), STAFF_TOPIC)
    changes.announce(*topics, kind=kind, id=conversation.id)


def announce_typing(conversation: Conversation, *, by: str, name: str | None = None) -> None:
    """Tell whoever has the conversation open that somebody is typing. Nothing is stored.

    Its person learns that somebody of staff is, and staff learn who, and where.
    """
    changes.announce(topic_of_conversation(conversation.id), kind="typing", id=by)
    changes.announce(STAFF_TOPIC, kind="typing", id=f"{conversation.id}/{name or by}")


def announce_presence(conversation: Conversation, *, name: str) -> None:
    """Tell staff that one of them has the conversation open. Nothing is stored."""
    changes.announce(STAFF_TOPIC, kind="presence", id=f"{conversation.id}/{name}")


def topic_of_conversation(conversation_id: UUID) -> str:
    return f"conversation:{conversation_id}"


def _next_id(conversation_id: UUID) -> UUID:
    """Make an id above all others of the conversation, even where the clock of this host is behind another one."""
    newest = open_session().scalar(
        select(SupportMessage.id)
        .where(SupportMessage.conversation_id == conversation_id)
        .order_by(SupportMessage.id.desc())
        .limit(1)
    )
    made = new_id()
    return made if newest is None or made > newest else UUID(int=newest.int + 1)
