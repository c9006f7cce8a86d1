"""Conversations with support, their messages and pictures, saved replies, and the hours in which support answers."""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, SmallInteger, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class Subject(StrEnum):
    """What a conversation is about."""

    RENTAL = "rental"
    TOPUP = "topup"
    STATION = "station"
    OTHER = "other"


class Side(StrEnum):
    """As whom a person writes."""

    RIDER = "rider"
    PARTNER = "partner"  # for a venue
    CREW = "crew"


class Status(StrEnum):
    OPEN = "open"  # staff have to do something
    WAITING = "waiting"  # the person has to do something
    SOLVED = "solved"  # a new message opens it again
    CLOSED = "closed"


class Sender(StrEnum):
    PERSON = "person"
    STAFF = "staff"
    SYSTEM = "system"


class Topic(StrEnum):
    """The queues of staff: what a rider writes about, or the side that writes."""

    RENTAL = "rental"
    TOPUP = "topup"
    STATION = "station"
    OTHER = "other"
    PARTNER = "partner"
    CREW = "crew"


# In which queue a conversation stands. It is written as it is in the index, or the index would not be used.
TOPIC = "coalesce(nullif(side, 'rider'), subject)"


class AlertCause(StrEnum):
    """What may begin a conversation with a venue by itself."""

    OFFLINE = "offline"
    ALARM = "alarm"
    ISSUE = "issue"


class Conversation(Base):
    """What a person and staff say about one thing. There is one that is not closed for each thing."""

    __tablename__ = "conversations"
    __table_args__ = (
        one_of("side", Side),
        one_of("subject", Subject),
        one_of("status", Status),
        CheckConstraint("(side = 'partner') = (partner_id IS NOT NULL)", name="partner"),
        CheckConstraint("side = 'rider' OR subject IN ('station', 'other')", name="subject_of_side"),
        CheckConstraint("(subject = 'other') = (subject_id IS NULL)", name="subject_id"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        CheckConstraint("(rating IS NULL) = (rated_at IS NULL)", name="rated"),
        CheckConstraint("answer_due_at IS NULL OR status = 'open'", name="answer_due"),
        CheckConstraint("merged_into IS NULL OR status = 'closed'", name="merged"),
        Index(
            "uq_conversations_thing",
            "user_id",
            "side",
            sql("coalesce(partner_id, user_id)"),
            "subject",
            sql("coalesce(subject_id, user_id)"),
            unique=True,
            postgresql_where=sql("status <> 'closed'"),
        ),
        Index("ix_conversations_user_id", "user_id", "last_message_id"),
        Index("ix_conversations_last_message_id", "last_message_id"),
        Index(
            "ix_conversations_partner_id",
            "partner_id",
            "last_message_id",
            postgresql_where=sql("partner_id IS NOT NULL"),
        ),
        Index("ix_conversations_created_at", "created_at"),
        Index("ix_conversations_status", "status", "last_message_id"),
        Index(
            "ix_conversations_assignee_id",
            "assignee_id",
            "last_message_id",
            postgresql_where=sql("status IN ('open', 'waiting')"),
        ),
        Index("ix_conversations_topic", sql(TOPIC), "last_message_id"),
        Index("ix_conversations_subject", "subject", "last_message_id"),
        Index(
            "ix_conversations_assignee_ever",
            "assignee_id",
            "last_message_id",
            postgresql_where=sql("assignee_id IS NOT NULL"),
        ),
        Index("ix_conversations_answer_due_at", "answer_due_at", postgresql_where=sql("answer_due_at IS NOT NULL")),
        Index("ix_conversations_solved_at", "solved_at", postgresql_where=sql("status = 'solved'")),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    side: Mapped[str] = mapped_column(server_default=sql("'rider'"))
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"))  # for which venue its member writes
    subject: Mapped[str]
    subject_id: Mapped[UUID | None]  # the rental, the intent of the top-up, or the station
    language: Mapped[str]
    status: Mapped[str]
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    last_message_id: Mapped[UUID]  # the newest one that the person may see
    last_message_at: Mapped[datetime]
    # The message up to which the person has read, and up to which staff have.
    read_by_person: Mapped[UUID | None]
    read_by_staff: Mapped[UUID | None]
    answer_due_at: Mapped[datetime | None]  # while staff owe an answer
    escalated_at: Mapped[datetime | None]
    first_answered_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    solved_at: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("conversations.id"))
    rating: Mapped[int | None] = mapped_column(SmallInteger)
    rating_comment: Mapped[str | None]
    rated_at: Mapped[datetime | None]


class SupportMessage(Base):
    """One message of a conversation. Its identifiers sort as the conversation does."""

    __tablename__ = "support_messages"
    __table_args__ = (
        one_of("sender", Sender),
        CheckConstraint("text IS NOT NULL OR has_photo", name="content"),
        CheckConstraint("length(text) BETWEEN 1 AND 4000", name="text"),
        CheckConstraint("(sender = 'staff') = (staff_id IS NOT NULL)", name="sender_staff"),
        CheckConstraint("NOT is_note OR sender = 'staff'", name="note"),
        # A message that its sender sends again is the same message.
        Index(
            "uq_support_messages_client_id",
            "conversation_id",
            sql("coalesce(staff_id, conversation_id)"),
            "client_id",
            unique=True,
            postgresql_where=sql("client_id IS NOT NULL"),
        ),
        Index(
            "ix_support_messages_words",
            sql("to_tsvector('simple', text)"),
            postgresql_using="gin",
        ),
        Index("ix_support_messages_created_at", "created_at"),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str | None]
    sender: Mapped[str]
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    is_note: Mapped[bool] = mapped_column(server_default=sql("false"))  # only staff see a note
    text: Mapped[str | None]
    has_photo: Mapped[bool] = mapped_column(server_default=sql("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class SupportPhoto(Base):
    """A picture of a message, made anew from its pixels."""

    __tablename__ = "support_photos"
    __table_args__ = (
        ForeignKeyConstraint(
            ["conversation_id", "message_id"],
            ["support_messages.conversation_id", "support_messages.id"],
            name="fk_support_photos_message",
            ondelete="CASCADE",
        ),
    )

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class SavedReply(Base):
    """A text that staff send often. `{{ rental.code }}` and the like stand for values of the conversation."""

    __tablename__ = "saved_replies"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    text_en: Mapped[str]
    text_ne: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=sql("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class SupportHours(Base):
    """A part of a weekday in which support answers. Without any, support answers always."""

    __tablename__ = "support_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("opens < closes", name="hours"),
    )

    weekday: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)  # Monday is 0
    opens: Mapped[time] = mapped_column(primary_key=True)
    closes: Mapped[time]


class SupportHoliday(Base):
    """A day on which support does not answer."""

    __tablename__ = "support_holidays"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]


class SupportSkill(Base):
    """Which new conversations a member of staff takes: those of some topics, in some languages."""

    __tablename__ = "support_skills"
    __table_args__ = (
        CheckConstraint(f"topics <@ ARRAY{[*map(str, Topic)]}::text[]", name="topics"),
        CheckConstraint("languages <@ ARRAY['en', 'ne']::text[]", name="languages"),
    )

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    topics: Mapped[list[str]] = mapped_column(ARRAY(Text))
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text))
    away: Mapped[bool] = mapped_column(server_default=sql("false"))  # takes no new ones for now
    given_at: Mapped[datetime | None]  # when the last one was given to this member


class PartnerAlertRule(Base):
    """What a venue is written by itself when something happens at one of its stations."""

    __tablename__ = "support_alert_rules"
    __table_args__ = (one_of("cause", AlertCause),)

    id: Mapped[Id]
    cause: Mapped[str] = mapped_column(unique=True)
    text_en: Mapped[str]
    text_ne: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=sql("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
