"""Prepare the conversations that the jobs of support need to have something to do."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from powerbank.base.db import transaction, utcnow
from powerbank.support import services
from powerbank.support.models import Conversation, Status, Subject, SupportMessage
from tests.jobs.prepared_people import Arguments
from tests.ledger.conftest import make_person


def conversation_begun(**changed: Any) -> Conversation:
    user_id = make_person()
    with transaction() as session:
        made = services.begin_conversation(
            user_id=user_id,
            subject=Subject.OTHER,
            subject_name=None,
            language="en",
            text="Hello",
            photo=None,
            client_id=None,
            now=utcnow(),
        )
        session.flush()
        if changed:
            session.execute(update(Conversation).where(Conversation.id == made.id).values(changed))
    return made


def person_who_talks() -> str:
    return str(conversation_begun().user_id)


def answer_not_read() -> Arguments:
    made = conversation_begun(read_by_person=None)
    return {"conversation_id": str(made.id), "message_id": str(made.last_message_id), "channel": "push"}


def answer_late() -> Arguments:
    conversation_begun(answer_due_at=utcnow() - timedelta(hours=1))
    return {}


def conversation_solved() -> Arguments:
    ended = utcnow() - timedelta(days=8)
    conversation_begun(status=Status.SOLVED, solved_at=ended, answer_due_at=None)
    return {}


def conversation_of_long_ago() -> Arguments:
    made = conversation_begun()
    with transaction() as session:
        long_ago = utcnow() - timedelta(days=800)
        session.execute(
            update(SupportMessage).where(SupportMessage.conversation_id == made.id).values(created_at=long_ago)
        )
    return {}
