from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class Standing(StrEnum):
    """Who requests a code, which decides whose limits count. See `requesters`."""

    STRANGER = "stranger"
    ADDRESS = "address"  # others may share it: those of a mobile network, of an office
    DEVICE = "device"


class OtpChallenge(Base):
    """A request for a code. Neither the code nor a hash of it is kept, because it is derived from the id and a key."""

    __tablename__ = "otp_challenges"
    __table_args__ = (
        CheckConstraint("purpose IN ('login', 'register', 'link')", name="purpose"),
        CheckConstraint("tries BETWEEN 0 AND 5", name="tries"),
        CheckConstraint("language IN ('en', 'ne')", name="language"),
        CheckConstraint("(user_id IS NOT NULL) = (purpose = 'link')", name="asker"),
        one_of("asked_from", Standing),
        Index("ix_otp_challenges_identifier", "identifier", "created_at"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)  # who links it
    language: Mapped[str] = mapped_column(server_default="en")
    identifier: Mapped[str]
    purpose: Mapped[str]
    delivery_id: Mapped[UUID | None]  # what carries the code; it is forgotten later than the challenge
    asked_from: Mapped[str] = mapped_column(server_default=Standing.STRANGER)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True)
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(server_default="0")
    ended_at: Mapped[datetime | None]  # when it was verified, or out of tries
    verified_at: Mapped[datetime | None]
    spent_at: Mapped[datetime | None]  # when its verification was used for a registration


class VerifiedAddress(Base):
    """An IP address at which a contact address was verified, as keyed digests. See `requesters`."""

    __tablename__ = "verified_addresses"

    identifier: Mapped[bytes] = mapped_column(primary_key=True)
    address: Mapped[bytes] = mapped_column(primary_key=True)
    verified_at: Mapped[datetime] = mapped_column(index=True)


class Session(Base):
    """A sign-in of a person on a device: a family of refresh tokens. When it has ended, all its tokens are void."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),)

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    ended_at: Mapped[datetime | None]
    end_cause: Mapped[str | None]
    user_agent: Mapped[str | None]


class RefreshToken(Base):
    __tablename__ = "refresh_tokens"

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    spent_at: Mapped[datetime | None]
    repeated_at: Mapped[datetime | None]  # when it came once more, and got the same successor
