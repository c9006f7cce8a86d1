"""What staff see of conversations: the queue, one of them with all that is known of its person, and the figures."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select

from powerbank.api.paging import page
from powerbank.auth.staff.models import StaffMember
from powerbank.base.db import db
from powerbank.base.errors import InvalidFieldsError, NotFoundError
from powerbank.ledger import queries as ledger
from powerbank.notifications.delivery import queries as deliveries
from powerbank.rentals import queries as rentals
from powerbank.rentals.disputes.models import CaseStatus, RentalCase
from powerbank.rentals.models import Rental
from powerbank.support import queries
from powerbank.support.models import Conversation, SavedReply, Status, Subject, Topic
from powerbank.support.staff.search import search
from powerbank.support.staffing.routing import has_topic, may_answer
from powerbank.users.models import User

MOST_BESIDE = 5  # of each kind, beside a conversation
USUAL_PERIOD = timedelta(days=30)


def find_conversation(conversation_id: UUID) -> Conversation:
    """Return a conversation, or refuse with 404."""
    found: Conversation | None = db.session.get(Conversation, conversation_id)
    if found is None:
        raise NotFoundError("conversation")
    return found


def conversation_page(
    *,
    me: UUID,
    now: datetime,
    limit: int,
    cursor: str | None,
    status: str | None = None,
    assignee: str | None = None,
    about: str | None = None,
    topic: str | None = None,
    language: str | None = None,
    user_id: UUID | None = None,
    q: str | None = None,
    overdue: bool = False,
) -> dict[str, Any]:
    """Return a page of the conversations that match, the newest message first.

    What is open and snoozed is left out of the queue of open ones until its time comes.
    """
    query = select(Conversation)
    for column, value in (
        (Conversation.status, status),
        (Conversation.subject, about),
        (Conversation.language, language),
        (Conversation.user_id, user_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if topic is not None:
        query = query.where(has_topic(Topic(topic)))
    if assignee is not None:
        query = query.where(_is_assigned(assignee, me))
    if overdue:
        query = query.where(queries.is_overdue(now))
    if status == Status.OPEN or overdue:
        query = query.where(queries.is_awake(now))
    if q is not None:
        found = search(query, q, limit=limit, cursor=cursor)
    else:
        found = page(query, Conversation.last_message_id, limit=limit, cursor=cursor, descending=True)
    return found | {"items": queries.describe_for_staff(found["items"])}


def active_replies() -> Sequence[SavedReply]:
    """Return the saved replies that staff may use, by name."""
    return db.session.scalars(select(SavedReply).where(SavedReply.active).order_by(SavedReply.name)).all()


def describe_context(conversation: Conversation) -> dict[str, Any]:
    """Gather what is known of the person of a conversation, for whoever answers."""
    user_id = conversation.user_id
    user = db.session.get_one(User, user_id)
    wallet = ledger.wallet_of_user(user_id)
    cases = (
        select(RentalCase)
        .join(Rental, Rental.id == RentalCase.rental_id)
        .where(Rental.user_id == user_id, RentalCase.status == CaseStatus.OPEN)
        .order_by(RentalCase.id.desc())
        .limit(MOST_BESIDE)
    )
    others = (
        select(Conversation)
        .where(Conversation.user_id == user_id, Conversation.id != conversation.id)
        .order_by(Conversation.last_message_id.desc())
        .limit(MOST_BESIDE)
    )
    return {
        "person": {
            "id": user.id,
            "username": user.username,
            "language": user.language,
            "status": user.status,
            "kyc_status": user.kyc_status,
            "balance": wallet.balance,
            "points": wallet.points,
        },
        "open_rentals": rentals.open_rentals_of_user(user_id),
        "payments": ledger.transaction_page(user_id, limit=MOST_BESIDE, cursor=None)["items"],
        "dues": ledger.due_page(user_id=user_id, status="open", limit=MOST_BESIDE, cursor=None)["items"],
        "cases": db.session.scalars(cases).all(),
        "deliveries": deliveries.delivery_page(
            user_id=user_id, status=None, channel=None, limit=MOST_BESIDE, cursor=None
        )["items"],
        "conversations": queries.describe_for_staff(db.session.scalars(others).all()),
    }


def read_figures(*, since: datetime | None, until: datetime | None, now: datetime) -> dict[str, Any]:
    """Read how conversations that began in a period went: in all, and by what they were about."""
    until = until or now
    since = since or until - USUAL_PERIOD
    if since >= until:
        raise InvalidFieldsError({"since": ["The period must begin before it ends."]})
    answered_after = func.extract("epoch", Conversation.first_answered_at - Conversation.created_at)
    solved_after = func.extract("epoch", Conversation.solved_at - Conversation.created_at)
    columns = (
        func.count(),
        func.count(Conversation.first_answered_at),
        func.percentile_cont(0.5).within_group(answered_after),
        func.percentile_cont(0.9).within_group(answered_after),
        func.count(Conversation.solved_at),
        func.percentile_cont(0.5).within_group(solved_after),
        func.count().filter(Conversation.reopened > 0),
        func.count(Conversation.escalated_at),
        func.count(Conversation.rating),
        func.avg(Conversation.rating),
    )
    names = (
        "conversations",
        "answered",
        "first_answer_median_s",
        "first_answer_p90_s",
        "solved",
        "solved_median_s",
        "reopened",
        "escalated",
        "rated",
        "rating",
    )
    within = (Conversation.created_at >= since, Conversation.created_at < until, Conversation.merged_into.is_(None))
    total = db.session.execute(select(*columns).where(*within)).one()
    by_topic = {
        row[0]: dict(zip(names, row[1:], strict=True))
        for row in db.session.execute(
            select(Conversation.subject, *columns).where(*within).group_by(Conversation.subject)
        )
    }
    none = dict.fromkeys(names, 0) | dict.fromkeys(
        ("first_answer_median_s", "first_answer_p90_s", "solved_median_s", "rating")
    )
    return {
        "since": since,
        "until": until,
        "total": {"about": "all"} | dict(zip(names, total, strict=True)),
        "topics": [{"about": each.value} | by_topic.get(each.value, none) for each in Subject],
    }


def _is_assigned(assignee: str, me: UUID) -> ColumnElement[bool]:
    if assignee == "none":
        answers = exists().where(StaffMember.id == Conversation.assignee_id, may_answer())
        return or_(Conversation.assignee_id.is_(None), ~answers)  # who has left looks at nothing any more
    if assignee == "me":
        return Conversation.assignee_id == me
    try:
        return Conversation.assignee_id == UUID(assignee)
    except ValueError:
        raise InvalidFieldsError({"assignee": ["Write an id, `me` or `none`."]}) from None
