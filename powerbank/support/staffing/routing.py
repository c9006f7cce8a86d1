"""New conversations are given to the member of staff who takes their kind and has least to do.

The kind is the topic and the language. Without such a member a conversation stays in the queue of its topic, where
everybody sees it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, literal_column, select

from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import GRANTED
from powerbank.base.db import open_session
from powerbank.support.models import TOPIC, Conversation, Side, Status, SupportSkill, Topic

ANSWERS = "support.write"


def topic_of(conversation: Conversation) -> Topic:
    """Say in which queue a conversation stands: that of what a rider writes about, or that of the side that writes."""
    return Topic(conversation.subject if conversation.side == Side.RIDER else conversation.side)


def has_topic(topic: Topic) -> ColumnElement[bool]:
    """Make the condition on the conversations of a queue."""
    return literal_column(TOPIC) == topic.value


def give_to_member(conversation: Conversation, *, now: datetime) -> None:
    """Give a locked conversation that nobody has to a member who takes its kind.

    Of several it is the one with the fewest open conversations, and of those the one who was given none for longest. A
    member to whom another conversation is given at this moment is passed over, so nobody waits for anybody.
    """
    if conversation.assignee_id is not None:
        if open_session().scalar(select(exists().where(StaffMember.id == conversation.assignee_id, may_answer()))):
            return
        conversation.assignee_id = None  # who had it has left, and nobody would look at it
    has_to_do = (
        select(func.count())
        .where(Conversation.assignee_id == SupportSkill.staff_id, Conversation.status == Status.OPEN)
        .correlate(SupportSkill)
        .scalar_subquery()
    )
    query = (
        select(SupportSkill)
        .join(StaffMember, StaffMember.id == SupportSkill.staff_id)
        .where(
            may_answer(),
            ~SupportSkill.away,
            SupportSkill.topics.contains([topic_of(conversation).value]),
            SupportSkill.languages.contains([conversation.language]),
        )
        .order_by(has_to_do, SupportSkill.given_at.nulls_first(), SupportSkill.staff_id)
        .limit(1)
        .with_for_update(of=SupportSkill, skip_locked=True)
    )
    chosen = open_session().scalar(query)
    if chosen is not None:
        conversation.assignee_id, chosen.given_at = chosen.staff_id, now


def may_answer() -> ColumnElement[bool]:
    """Make the condition on the members of staff who answer people."""
    return and_(StaffMember.active, StaffMember.role.in_(_roles_that_answer()))


def _roles_that_answer() -> Sequence[str]:
    return [role.value for role in GRANTED[ANSWERS]]
