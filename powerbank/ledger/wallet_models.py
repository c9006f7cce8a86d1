"""The rows beside the postings: holds, dues, the transactions that a person sees, and adjustments."""

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, Paisa, one_of
from powerbank.ledger.accounts import REVENUES


class Progress(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class DueCause(StrEnum):
    RENTAL = "rental"
    CHARGEBACK = "chargeback"  # a gateway took back a top-up that was spent


# What a due of each cause refers to.
ABOUT = MappingProxyType({DueCause.RENTAL: "rental", DueCause.CHARGEBACK: "transaction"})


class TransactionType(StrEnum):
    TOPUP = "topup"
    RENTAL = "rental"
    RENTAL_DUE = "rental_due"
    SALE = "sale"  # a power bank that was lost
    REFUND = "refund"
    ADJUSTMENT = "adjustment"


class TransactionStatus(StrEnum):
    PENDING = "pending"
    SUCCESS = "success"
    FAILED = "failed"
    REFUNDED = "refunded"  # all of it went back


class AdjustmentStatus(StrEnum):
    PENDING = "pending"  # waits for a second person
    APPLIED = "applied"
    REJECTED = "rejected"


_REVENUE = f"revenue IN ({', '.join(repr(kind.value) for kind in sorted(REVENUES))})"


class Hold(Base):
    """Money or points that are put aside for something, until they are captured or released."""

    __tablename__ = "ledger_holds"
    __table_args__ = (
        one_of("status", Progress),
        CheckConstraint("amount > 0 AND captured >= 0 AND released >= 0", name="amounts"),
        CheckConstraint("captured + released <= amount", name="bound"),
        CheckConstraint("(status = 'open') = (captured + released < amount)", name="open"),
        CheckConstraint("currency IN ('NPR', 'PTS')", name="currency"),
        Index(
            "uq_ledger_holds_open",
            "reference_kind",
            "reference_id",
            "currency",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_ledger_holds_reference", "reference_kind", "reference_id"),
        Index("ix_ledger_holds_user_id", "user_id", "id"),
        Index("ix_ledger_holds_open_of_user", "user_id", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.id"), index=True)
    reference_kind: Mapped[str]
    reference_id: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[Paisa]
    captured: Mapped[Paisa] = mapped_column(server_default="0")
    released: Mapped[Paisa] = mapped_column(server_default="0")
    status: Mapped[str] = mapped_column(server_default=Progress.OPEN)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def left(self) -> int:
        return self.amount - self.captured - self.released


class Due(Base):
    """What a person owes for something. All dues of a person together are the balance of the dues account."""

    __tablename__ = "ledger_dues"
    __table_args__ = (
        one_of("status", Progress),
        CheckConstraint(_REVENUE, name="revenue"),
        CheckConstraint("amount > 0 AND paid >= 0 AND waived >= 0", name="amounts"),
        CheckConstraint("paid + waived <= amount", name="bound"),
        CheckConstraint("(status = 'open') = (paid + waived < amount)", name="open"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        Index("ix_ledger_dues_open_of_user", "user_id", "created_at", postgresql_where=text("status = 'open'")),
        Index(
            "ix_ledger_dues_grace",
            "created_at",
            postgresql_where=text("status = 'open' AND collection_notice_at IS NULL"),
        ),
        Index("ix_ledger_dues_reference", "reference_kind", "reference_id"),
        Index("ix_ledger_dues_user", "user_id", "id"),
        Index("ix_ledger_dues_open", "id", postgresql_where=text("status = 'open'")),
        Index("ix_ledger_dues_cause", "reference_kind", "id"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    reference_kind: Mapped[str]
    reference_id: Mapped[str]
    revenue: Mapped[str | None]  # the account that earned it; none for a top-up that was charged back
    amount: Mapped[Paisa]
    paid: Mapped[Paisa] = mapped_column(server_default="0")
    waived: Mapped[Paisa] = mapped_column(server_default="0")
    status: Mapped[str] = mapped_column(server_default=Progress.OPEN)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    closed_at: Mapped[datetime | None]
    collection_notice_at: Mapped[datetime | None]  # when its person was told that it is collected by itself from now on

    @property
    def left(self) -> int:
        return self.amount - self.paid - self.waived

    @property
    def cause(self) -> DueCause:
        return next(cause for cause, kind in ABOUT.items() if kind == self.reference_kind)

    @property
    def about(self) -> dict[str, str]:
        return {"kind": self.reference_kind, "id": self.reference_id}


class WalletTransaction(Base):
    """A transaction as a person sees it. `wallet` and `points` say how it was paid, so a refund can restore each."""

    __tablename__ = "wallet_transactions"
    __table_args__ = (
        one_of("type", TransactionType),
        one_of("status", TransactionStatus),
        CheckConstraint("direction IN ('in', 'out')", name="direction"),
        CheckConstraint(_REVENUE, name="revenue"),
        CheckConstraint("wallet >= 0 AND points >= 0 AND points_value >= 0", name="amounts"),
        CheckConstraint("wallet + points_value > 0", name="something"),
        CheckConstraint("(points > 0) = (points_value > 0)", name="points"),
        CheckConstraint("refunded_wallet BETWEEN 0 AND wallet", name="refunded_wallet"),
        CheckConstraint("refunded_points BETWEEN 0 AND points", name="refunded_points"),
        CheckConstraint("refunded_value BETWEEN 0 AND points_value", name="refunded_value"),
        CheckConstraint(
            "(status = 'refunded') = (refunded_wallet = wallet AND refunded_points = points"
            " AND refunded_value = points_value)",
            name="refunded",
        ),
        CheckConstraint("(status IN ('success', 'refunded')) = (entry_id IS NOT NULL)", name="entry"),
        CheckConstraint("(type = 'refund') = (refund_of IS NOT NULL)", name="refund_of"),
        Index("ix_wallet_transactions_user", "user_id", "id"),
        Index("ix_wallet_transactions_reference", "reference_kind", "reference_id"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    refund_of: Mapped[UUID | None] = mapped_column(ForeignKey("wallet_transactions.id"), index=True)
    type: Mapped[str]
    status: Mapped[str]
    direction: Mapped[str]
    wallet: Mapped[Paisa]
    points: Mapped[int] = mapped_column(server_default="0")
    points_value: Mapped[Paisa] = mapped_column(server_default="0")
    refunded_wallet: Mapped[Paisa] = mapped_column(server_default="0")
    refunded_points: Mapped[int] = mapped_column(server_default="0")
    refunded_value: Mapped[Paisa] = mapped_column(server_default="0")
    revenue: Mapped[str | None]  # the account that a refund takes it from
    reference_kind: Mapped[str | None]
    reference_id: Mapped[str | None]
    description: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def amount(self) -> int:
        return self.wallet + self.points_value

    @property
    def refunded(self) -> int:
        return self.refunded_wallet + self.refunded_value


class Adjustment(Base):
    """Money or points that staff gave or took, with the reason. Beyond an allowance two people decide."""

    __tablename__ = "ledger_adjustments"
    __table_args__ = (
        one_of("status", AdjustmentStatus),
        CheckConstraint("currency IN ('NPR', 'PTS')", name="currency"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("decided_by <> asked_by", name="two_people"),
        CheckConstraint("(status = 'applied') = (entry_id IS NOT NULL)", name="entry"),
        CheckConstraint("status <> 'pending' OR decided_by IS NULL", name="pending"),
        CheckConstraint("status <> 'rejected' OR decided_by IS NOT NULL", name="rejected"),
        Index("ix_ledger_adjustments_pending", "id", postgresql_where=text("status = 'pending'")),
        Index("ix_ledger_adjustments_asked", "asked_by", "created_at"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    currency: Mapped[str]
    amount: Mapped[Paisa]
    reason: Mapped[str]
    status: Mapped[str]
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    decided_at: Mapped[datetime | None]
