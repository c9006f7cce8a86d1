from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from powerbank.base.db import Base, Id, one_of


class AccountStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"  # may sign in and pay, not rent
    BANNED = "banned"  # may not sign in
    DELETED = "deleted"  # anonymised; money records stay


class IdentifierKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"


WHOLE_NAME = "lower((coalesce(first_name, '') || ' ') || coalesce(last_name, ''))"

# Such an index serves LIKE 'begin%' whatever the collation of the database.
_PREFIX: dict[str, Any] = {"postgresql_ops": {"beginning": "text_pattern_ops"}}


class ReferralStatus(StrEnum):
    NOTED = "noted"  # worth something once the invitee's first rental is complete
    REJECTED = "rejected"
    AWARDED = "awarded"


class User(Base):
    __tablename__ = "users"
    __table_args__ = (
        one_of("status", AccountStatus),
        CheckConstraint("language IN ('en', 'ne')", name="language"),
        CheckConstraint("kyc_status IN ('none', 'pending', 'approved', 'rejected')", name="kyc_status"),
        CheckConstraint("(status = 'deleted') = (deleted_at IS NOT NULL)", name="deleted"),
        Index("uq_users_username", func.lower(text("username")), unique=True),
        # Staff find people by the beginning of a name. The whole name covers the first name as well.
        Index("ix_users_username_prefix", func.lower(text("username")).label("beginning"), **_PREFIX),
        Index("ix_users_name_prefix", literal_column(WHOLE_NAME).label("beginning"), **_PREFIX),
        Index("ix_users_last_name_prefix", func.lower(text("last_name")).label("beginning"), **_PREFIX),
        Index("ix_users_status", "status", "id"),
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
    status: Mapped[str] = mapped_column(server_default=AccountStatus.ACTIVE)
    # powerbank.kyc keeps it the same as its record, so that a profile is read without that.
    kyc_status: Mapped[str] = mapped_column(server_default="none")
    avatar_key: Mapped[str | None]  # names the picture in its address; a new picture has a new one
    referral_code: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    deleted_at: Mapped[datetime | None]

    identifiers: Mapped[list["Identifier"]] = relationship(lazy="selectin", order_by="Identifier.kind")

    def identifier(self, kind: IdentifierKind) -> str | None:
        return next((each.value for each in self.identifiers if each.kind == kind), None)

    @property
    def phone(self) -> str | None:
        return self.identifier(IdentifierKind.PHONE)

    @property
    def email(self) -> str | None:
        return self.identifier(IdentifierKind.EMAIL)

    @property
    def public_name(self) -> str | None:
        return None if self.deleted_at else self.username

    @property
    def profile_complete(self) -> bool:
        return is_profile_complete(self)


def is_profile_complete(profile: Any) -> bool:
    return all((profile.first_name, profile.last_name, profile.date_of_birth, profile.address, profile.city))


class Identifier(Base):
    """A phone number or e-mail address that a person has proved to be theirs. It never belongs to two people."""

    __tablename__ = "user_identifiers"
    __table_args__ = (
        one_of("kind", IdentifierKind),
        UniqueConstraint("kind", "value"),
        UniqueConstraint("user_id", "kind"),
        Index("ix_user_identifiers_prefix", "value", postgresql_ops={"value": "text_pattern_ops"}),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    value: Mapped[str]
    verified_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class IdentifierTrace(Base):
    """A number, an e-mail address or a device that a person has or once had, also a person who has left."""

    __tablename__ = "identifier_traces"
    __table_args__ = (Index("ix_identifier_traces_digest", "digest"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Avatar(Base):
    """A picture of a person. It is small and read by its key only, so it is a row and not a file."""

    __tablename__ = "avatars"
    __table_args__ = (UniqueConstraint("key"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str]
    content: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Referral(Base):
    """A person brought another one; each invitee has one inviter."""

    __tablename__ = "referrals"
    __table_args__ = (
        one_of("status", ReferralStatus),
        CheckConstraint("invitee_id <> inviter_id", name="different"),
        CheckConstraint("(status = 'rejected') = (reason IS NOT NULL)", name="reason"),
        UniqueConstraint("invitee_id"),
        Index("ix_referrals_inviter", "inviter_id", "id"),
    )

    id: Mapped[Id]
    invitee_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    inviter_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=ReferralStatus.NOTED)
    reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]

    invitee: Mapped[User] = relationship(foreign_keys=[invitee_id], lazy="joined", innerjoin=True, viewonly=True)
