from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from powerbank.base.db import Base, Id, one_of
from powerbank.users.models import User


class KycStatus(StrEnum):
    """How far the identity check of a person is. Of a person without a record it is `none`."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class DocumentSide(StrEnum):
    FRONT = "front"
    BACK = "back"


class KycSubmission(Base):
    """What a person once sent, and how it was decided. When the person is forgotten, only the dates stay."""

    __tablename__ = "kyc_submissions"
    __table_args__ = (
        CheckConstraint("decision IN ('approved', 'rejected')", name="decision"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(decision IS NULL) = (decided_by IS NULL)", name="decider"),
        CheckConstraint("reason IS NULL OR (decision IS NOT NULL AND decision = 'rejected')", name="reason"),
        Index("ix_kyc_submissions_user_id", "user_id", "id"),
        # A record can point only at a submission of its own person.
        UniqueConstraint("id", "user_id"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    number: Mapped[bytes | None]  # encrypted
    submitted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    decision: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str | None]

    user: Mapped[User] = relationship(viewonly=True)

    @property
    def status(self) -> str:
        return self.decision or (KycStatus.PENDING if self.number is not None else "withdrawn")


class KycRecord(Base):
    """How the check of a person stands. The digest makes sure that no two people have one citizenship number."""

    __tablename__ = "kyc_records"
    __table_args__ = (
        one_of("status", KycStatus),
        CheckConstraint("(status = 'rejected') = (number_digest IS NULL)", name="number_digest"),
        CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name="claimed"),
        UniqueConstraint("number_digest"),
        UniqueConstraint("submission_id"),
        Index("ix_kyc_records_status", "status", "submission_id"),
        Index("ix_kyc_records_claimed_by", "claimed_by", postgresql_where=text("claimed_by IS NOT NULL")),
        # Named by hand, because the naming rule sees the first column only.
        ForeignKeyConstraint(
            ["submission_id", "user_id"],
            ["kyc_submissions.id", "kyc_submissions.user_id"],
            name="fk_kyc_records_own_submission",
        ),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    status: Mapped[str]
    submission_id: Mapped[UUID]
    number_digest: Mapped[bytes | None]
    # Who looks at the documents now, and until when nobody else gets them.
    claimed_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    claimed_until: Mapped[datetime | None]

    submission: Mapped[KycSubmission] = relationship(viewonly=True, lazy="joined", innerjoin=True)


class KycDocument(Base):
    """One picture. Its bytes are always encrypted, and wait in `staged` until the store has them."""

    __tablename__ = "kyc_documents"
    __table_args__ = (
        one_of("side", DocumentSide),
        CheckConstraint("store IN ('local', 'cloudinary')", name="store"),
        CheckConstraint("staged IS NULL OR stored_at IS NULL", name="place"),
        CheckConstraint("deleted_at IS NULL OR (staged IS NULL AND delete_after IS NOT NULL)", name="deleted"),
        UniqueConstraint("submission_id", "side"),
        UniqueConstraint("key"),
        Index(
            "ix_kyc_documents_due",
            "delete_after",
            postgresql_where=text("delete_after IS NOT NULL AND deleted_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("kyc_submissions.id"))
    side: Mapped[str]
    # Both are chosen before the first attempt, so that a repeat overwrites the file and a deletion always finds it.
    store: Mapped[str]
    key: Mapped[str]
    staged: Mapped[bytes | None] = mapped_column(deferred=True)
    is_staged: Mapped[bool] = column_property(literal_column("kyc_documents.staged IS NOT NULL", Boolean))
    stored_at: Mapped[datetime | None]
    delete_after: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    def may_be_read(self, now: datetime) -> bool:
        held = self.is_staged or self.stored_at is not None
        return held and (self.delete_after is None or self.delete_after > now)
