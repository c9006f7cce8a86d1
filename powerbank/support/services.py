"""The person's side of support: begin a conversation, write, read, say that it is solved, rate it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.clock import local_day
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import NotFoundError
from powerbank.content import app_config
from powerbank.support import errors, queries, subjects, threads
from powerbank.support.models import Conversation, Sender, Status, Subject, SupportMessage
from powerbank.support.sides import Writer
from powerbank.support.staffing import hours, routing
from powerbank.users.models import User

# How much one person writes, before somebody looks who writes there.
BEGINNINGS, BEGINNINGS_OF_BLOCKED = "20 per hour", "10 per day"
MESSAGES, MESSAGES_OF_BLOCKED = "30 per minute", "20 per hour"
TYPING = "60 per minute"


def begin_conversation(
    writer: Writer,
    *,
    subject: Subject,
    subject_name: str | None,
    language: str,
    text: str | None,
    photo: bytes | None,
    client_id: str | None,
    now: datetime,
) -> Conversation:
    """Begin a conversation with a message, or write it into the one about the same thing that is not closed."""
    subject_id = subjects.find_subject_id(subject, subject_name, writer=writer, today=local_day(now))
    if client_id is not None and (begun := _find_begun(writer, subject, subject_id, client_id)) is not None:
        return begun
    conversation = find_or_make(writer, subject=subject, subject_id=subject_id, language=language, now=now)
    _write(conversation, text=text, photo=photo, client_id=client_id, now=now)
    return conversation


def find_or_make(
    writer: Writer, *, subject: Subject, subject_id: UUID | None, language: str, now: datetime
) -> Conversation:
    """Lock the conversation of somebody about a thing that is not closed. It is made if there is none."""
    session = open_session()
    made_id = new_id()
    session.execute(
        insert(Conversation)
        .values(
            id=made_id,
            user_id=writer.user_id,
            side=writer.side,
            partner_id=writer.partner_id,
            subject=subject,
            subject_id=subject_id,
            language=language,
            status=Status.WAITING,
            created_at=now,
            last_message_id=made_id,
            last_message_at=now,
        )
        .on_conflict_do_nothing()
    )
    query = _about(writer, subject, subject_id).where(Conversation.status != Status.CLOSED)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def write_message(
    conversation_id: UUID,
    *,
    user_id: UUID,
    text: str | None,
    photo: bytes | None,
    client_id: str,
    now: datetime,
) -> tuple[SupportMessage, bool]:
    """Write a message, and say whether it is new: what has the same `client_id` is the same message.

    What is written into a conversation that was merged stands in the one that it was merged into.
    """
    conversation = _lock_own(conversation_id, user_id)
    while conversation.merged_into is not None:
        # What was written before the merging, and is sent again because its answer was lost, stands here.
        repeated = threads.find_repeated(conversation, client_id, staff_id=None)
        if repeated is not None:
            return repeated, False
        conversation = _lock_own(conversation.merged_into, user_id)
    return _write(conversation, text=text, photo=photo, client_id=client_id, now=now)


def mark_read(conversation_id: UUID, *, user_id: UUID, up_to: UUID) -> Conversation:
    """Note up to which message the person has read. The mark never goes back, so devices may report in any order."""
    conversation = queries.conversation_of_user(conversation_id, user_id)
    if not queries.is_visible_message(conversation_id, up_to):
        raise NotFoundError("message")
    mark = Conversation.read_by_person
    moved = open_session().scalar(
        update(Conversation)
        .where(Conversation.id == conversation_id, or_(mark.is_(None), mark < up_to))
        .values(read_by_person=up_to)
        .returning(Conversation.id)
    )
    open_session().refresh(conversation)
    if moved is not None:  # what is told without a change would have pages read each other's reading for ever
        threads.announce_conversation(conversation, kind="conversation_read")
    return conversation


def announce_typing(conversation_id: UUID, *, user_id: UUID) -> None:
    """Tell staff who have the conversation open that its person is typing. Nothing is stored."""
    conversation = queries.conversation_of_user(conversation_id, user_id)
    threads.announce_typing(conversation, by="person")


def solve_by_person(conversation_id: UUID, *, user_id: UUID, now: datetime) -> Conversation:
    """Note that the person needs nothing more. To say so twice changes nothing."""
    conversation = _lock_own(conversation_id, user_id)
    if conversation.status == Status.CLOSED:
        raise errors.conversation_closed()
    solve(conversation, now=now)
    return conversation


def rate(conversation_id: UUID, *, user_id: UUID, score: int, comment: str | None, now: datetime) -> Conversation:
    """Rate a conversation that is solved or closed, once. The same rating again is the first one again."""
    conversation = _lock_own(conversation_id, user_id)
    if conversation.rating is not None:
        if (conversation.rating, conversation.rating_comment) != (score, comment):
            raise errors.already_rated()
        return conversation
    if conversation.status not in (Status.SOLVED, Status.CLOSED):
        raise errors.not_solved()
    conversation.rating, conversation.rating_comment, conversation.rated_at = score, comment, now
    threads.announce_conversation(conversation)
    return conversation


def solve(conversation: Conversation, *, now: datetime) -> None:
    """Solve a locked conversation."""
    if conversation.status == Status.SOLVED:
        return
    conversation.status, conversation.solved_at = Status.SOLVED, now
    conversation.answer_due_at = conversation.escalated_at = conversation.snoozed_until = None
    threads.announce_conversation(conversation)


def delete_contents_of_user(user: User) -> None:
    """Delete what was said with a person whose account ends. That there were conversations stays, for the figures."""
    session = open_session()
    ids = session.scalars(
        select(Conversation.id).where(Conversation.user_id == user.id).order_by(Conversation.id).with_for_update()
    ).all()
    session.execute(delete(SupportMessage).where(SupportMessage.conversation_id.in_(ids)))
    ended = {"status": Status.CLOSED, "answer_due_at": None, "snoozed_until": None, "rating_comment": None}
    session.execute(update(Conversation).where(Conversation.id.in_(ids)).values(ended))


def _about(writer: Writer, subject: Subject, subject_id: UUID | None) -> Select[Conversation]:
    return select(Conversation).where(
        Conversation.user_id == writer.user_id,
        Conversation.side == writer.side,
        func.coalesce(Conversation.partner_id, Conversation.user_id) == (writer.partner_id or writer.user_id),
        Conversation.subject == subject,
        func.coalesce(Conversation.subject_id, Conversation.user_id) == (subject_id or writer.user_id),
    )


def _find_begun(writer: Writer, subject: Subject, subject_id: UUID | None, client_id: str) -> Conversation | None:
    """Find where the beginning stands that its device sends again, because the answer was lost and staff have merged
    or closed the conversation meanwhile."""
    sent = exists().where(
        SupportMessage.conversation_id == Conversation.id,
        func.coalesce(SupportMessage.staff_id, SupportMessage.conversation_id) == Conversation.id,
        SupportMessage.client_id == client_id,
    )
    query = _about(writer, subject, subject_id).where(Conversation.status == Status.CLOSED, sent)
    found = open_session().scalar(query.order_by(Conversation.id.desc()).limit(1))
    while found is not None and found.merged_into is not None:
        found = open_session().get_one(Conversation, found.merged_into)
    return found


def _lock_own(conversation_id: UUID, user_id: UUID) -> Conversation:
    queries.conversation_of_user(conversation_id, user_id)
    return threads.lock_conversation(conversation_id)


def _write(
    conversation: Conversation, *, text: str | None, photo: bytes | None, client_id: str | None, now: datetime
) -> tuple[SupportMessage, bool]:
    repeated = threads.find_repeated(conversation, client_id, staff_id=None)
    if repeated is not None:
        return repeated, False
    if conversation.status == Status.CLOSED:
        raise errors.conversation_closed()
    message = threads.append_message(
        conversation, sender=Sender.PERSON, text=text, photo=photo, client_id=client_id, now=now
    )
    conversation.snoozed_until = None
    if conversation.status == Status.SOLVED:
        conversation.reopened += 1
        conversation.solved_at = None
    if conversation.status != Status.OPEN:
        conversation.status = Status.OPEN
        promised = app_config.current().support_first_answer_minutes
        conversation.answer_due_at = hours.read_timetable().add_minutes(now, promised)
        routing.give_to_member(conversation, now=now)
    return message, True
