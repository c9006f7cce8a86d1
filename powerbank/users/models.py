from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from powerbank.db import Base, Id


class Status(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"  # may sign in and pay, not rent
    BANNED = "banned"  # may not sign in
    DELETED = "deleted"  # anonymised; money records stay


class Kind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"


class User(Base):
    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'suspended', 'banned', 'deleted')", name="status"),
        CheckConstraint("language IN ('en', 'ne')", name="language"),
        CheckConstraint("(status = 'deleted') = (deleted_at IS NOT NULL)", name="deleted"),
        Index("uq_users_username", func.lower(text("username")), unique=True),
        UniqueConstraint("referral_code"),
    )

    id: Mapped[Id]
    username: Mapped[str]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    date_of_birth: Mapped[date | None]
    address: Mapped[str | None]
    city: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default="en")
    auto_collect_dues: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[str] = mapped_column(server_default=Status.ACTIVE)
    referral_code: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    deleted_at: Mapped[datetime | None]

    identifiers: Mapped[list["Identifier"]] = relationship(lazy="selectin", order_by="Identifier.kind")

    def identifier(self, kind: Kind) -> str | None:
        return next((each.value for each in self.identifiers if each.kind == kind), None)

    @property
    def phone(self) -> str | None:
        return self.identifier(Kind.PHONE)

    @property
    def email(self) -> str | None:
        return self.identifier(Kind.EMAIL)

    @property
    def profile_complete(self) -> bool:
        return all((self.first_name, self.last_name, self.date_of_birth, self.address, self.city))


class Identifier(Base):
    """A phone number or e-mail address that a person has proved to be theirs. Never two people's."""

    __tablename__ = "user_identifiers"
    __table_args__ = (
        CheckConstraint("kind IN ('phone', 'email')", name="kind"),
        UniqueConstraint("kind", "value"),
        UniqueConstraint("user_id", "kind"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    value: Mapped[str]
    verified_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
