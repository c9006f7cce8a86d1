"""The tables of what the app shows: pages with their revisions, questions, banners, versions and countries."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class Slug(StrEnum):
    TERMS = "terms-of-service"
    PRIVACY = "privacy-policy"
    ABOUT = "about"
    CONTACT = "contact"


class Language(StrEnum):
    ENGLISH = "en"
    NEPALI = "ne"


class Platform(StrEnum):
    ANDROID = "android"
    IOS = "ios"


class RevisionState(StrEnum):
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    REPLACED = "replaced"  # a later revision took its place
    WITHDRAWN = "withdrawn"  # staff took it back before its time
    REMOVED = "removed"  # staff took it off, and nothing took its place


class Revision(Base):
    """A text of a page. Published ones stay, since a court may ask which terms were in force on a day."""

    __tablename__ = "content_revisions"
    __table_args__ = (
        one_of("slug", Slug),
        one_of("language", Language),
        one_of("state", RevisionState),
        CheckConstraint(
            "(state IN ('published', 'replaced', 'removed')) = (published_at IS NOT NULL)", name="published"
        ),
        CheckConstraint("(state = 'removed') = (removed_at IS NOT NULL)", name="removed"),
        Index(
            "uq_content_revisions_published",
            "slug",
            "language",
            unique=True,
            postgresql_where=text("state = 'published'"),
        ),
    )

    id: Mapped[Id]
    slug: Mapped[str]
    language: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]  # Markdown
    state: Mapped[str] = mapped_column(server_default=RevisionState.SCHEDULED)
    publish_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class FaqItem(Base):
    __tablename__ = "faq_items"
    __table_args__ = (
        one_of("language", Language),
        Index("ix_faq_items_shown", "language", "position", "id"),
    )

    id: Mapped[Id]
    language: Mapped[str]
    question: Mapped[str]
    answer: Mapped[str]
    position: Mapped[int] = mapped_column(server_default="0")
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class Banner(Base):
    __tablename__ = "banners"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="window"), one_of("language", Language))

    id: Mapped[Id]
    language: Mapped[str | None]  # the language of its readers; without one it is shown to all
    title: Mapped[str]
    image_url: Mapped[str]
    link_url: Mapped[str | None]
    position: Mapped[int] = mapped_column(server_default="0")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    starts_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    ends_at: Mapped[datetime | None]


class AppVersion(Base):
    """A release of the app. The newest mandatory one is the oldest that may still be used."""

    __tablename__ = "app_versions"
    __table_args__ = (one_of("platform", Platform), UniqueConstraint("platform", "version"))

    id: Mapped[Id]
    platform: Mapped[str]
    version: Mapped[str]
    mandatory: Mapped[bool] = mapped_column(server_default=text("false"))
    notes: Mapped[str] = mapped_column(server_default="")
    store_url: Mapped[str | None]
    released_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Country(Base):
    __tablename__ = "countries"
    __table_args__ = (CheckConstraint("code ~ '^[A-Z]{2}$'", name="code"), UniqueConstraint("code"))

    id: Mapped[Id]
    code: Mapped[str]
    name: Mapped[str]
    dial_code: Mapped[str]
    currency: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
