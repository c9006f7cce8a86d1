from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.auth.staff.roles import Role
from powerbank.base.db import Base, Id, one_of


class StaffMember(Base):
    __tablename__ = "staff"
    __table_args__ = (
        one_of("role", Role),
        CheckConstraint("failed_attempts >= 0", name="failed_attempts"),
        CheckConstraint("wrong_codes >= 0", name="wrong_codes"),
        CheckConstraint("language IN ('en', 'ne')", name="language"),
        CheckConstraint("(totp_secret IS NULL) = (totp_last_step IS NULL)", name="totp"),
        Index("uq_staff_email", func.lower(text("email")), unique=True),
    )

    id: Mapped[Id]
    email: Mapped[str]
    password_hash: Mapped[str]
    # Somebody else chose the password. Until the member changes it, it opens nothing but the own account.
    password_temporary: Mapped[bool] = mapped_column(server_default=text("false"))
    role: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    language: Mapped[str] = mapped_column(server_default="en")  # of the mail to the member
    # Raised when the password, the role or the second factor changes, which voids the sessions that began before.
    generation: Mapped[int] = mapped_column(server_default=text("1"))
    # Both secrets are encrypted. A secret is pending until a code made with it has come back.
    totp_pending: Mapped[str | None]
    totp_secret: Mapped[str | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)  # no code up to this time step is taken again
    # Failures in a row at addresses where the member has never signed in; the account is locked there. See `lockout`.
    failed_attempts: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]
    # Wrong codes in a row after the right password.
    wrong_codes: Mapped[int] = mapped_column(server_default=text("0"))
    codes_locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def has_totp(self) -> bool:
        return self.totp_secret is not None


class StaffAddress(Base):
    """An IP address from which a member has signed in, or somebody has tried to."""

    __tablename__ = "staff_addresses"
    __table_args__ = (CheckConstraint("failed_attempts >= 0", name="failed_attempts"),)

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    failed_attempts: Mapped[int] = mapped_column(server_default=text("0"))  # in a row
    locked_until: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]  # with every factor that was asked for
    tried_at: Mapped[datetime] = mapped_column(index=True)


class RecoveryCode(Base):
    """A code that replaces a lost authenticator, once."""

    __tablename__ = "staff_recovery_codes"
    __table_args__ = (UniqueConstraint("staff_id", "digest"),)

    id: Mapped[Id]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    digest: Mapped[str]
    used_at: Mapped[datetime | None]


class StaffSession(Base):
    """A sign-in of a member of staff: over the API a family of refresh tokens, in the console a cookie."""

    __tablename__ = "staff_sessions"
    __table_args__ = (CheckConstraint("kind IN ('api', 'console')", name="kind"),)

    id: Mapped[Id]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int]  # of the member when the session began
    kind: Mapped[str]
    user_agent: Mapped[str | None]
    address: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_used_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_cause: Mapped[str | None]


class StaffRefreshToken(Base):
    __tablename__ = "staff_refresh_tokens"

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("staff_sessions.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    spent_at: Mapped[datetime | None]
    repeated_at: Mapped[datetime | None]  # when it came once more, and got the same successor
