"""The tables of message templates and of the rules of channels."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from powerbank.base.db import Base, Id


class MessageTemplate(Base):
    """The text that staff wrote in the place of the built-in one, for one place and one language."""

    __tablename__ = "message_templates"
    __table_args__ = (
        CheckConstraint("channel IN ('in_app', 'push', 'sms', 'email')", name="channel"),
        CheckConstraint("language IN ('en', 'ne')", name="language"),
        UniqueConstraint("type", "channel", "language"),
    )

    id: Mapped[Id]
    type: Mapped[str]
    channel: Mapped[str]
    language: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_by: Mapped[UUID]


class RuleOverride(Base):
    """The channels that staff chose for a type in the place of the built-in ones."""

    __tablename__ = "notification_rules"
    __table_args__ = (CheckConstraint("channels <@ ARRAY['push', 'sms', 'email']", name="channels"),)

    type: Mapped[str] = mapped_column(primary_key=True)
    channels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_by: Mapped[UUID]
