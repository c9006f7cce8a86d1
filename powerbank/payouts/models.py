"""The tables of payouts: accounts, runs, payouts, and whom a run passed over."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, Paisa, one_of
from powerbank.payouts.states import OPEN, UNDER_WAY, AccountKind, AccountStatus, PayeeKind, Skip, Status

_OPEN = f"status IN ({', '.join(repr(status.value) for status in sorted(OPEN))})"
_UNDER_WAY = f"status IN ({', '.join(repr(status.value) for status in sorted(UNDER_WAY))})"


class PayoutAccount(Base):
    """Where a payee is paid. A change is a new row, which replaces the confirmed one when a second person confirms it.

    The number is encrypted; beside it stand its last letters, and a digest that tells equal numbers.
    """

    __tablename__ = "payout_accounts"
    __table_args__ = (
        one_of("payee_kind", PayeeKind),
        one_of("kind", AccountKind),
        one_of("status", AccountStatus),
        CheckConstraint("decided_by <> requested_by", name="two_people"),
        CheckConstraint("(status IN ('confirmed', 'replaced')) = (usable_from IS NOT NULL)", name="usable_from"),
        CheckConstraint("status <> 'confirmed' OR decided_by IS NOT NULL", name="decided"),
        CheckConstraint("(kind = 'by_hand') = (number IS NULL)", name="number"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        Index(
            "uq_payout_accounts_confirmed",
            "payee_kind",
            "payee_id",
            unique=True,
            postgresql_where=text("status = 'confirmed'"),
        ),
        Index(
            "uq_payout_accounts_requested",
            "payee_kind",
            "payee_id",
            unique=True,
            postgresql_where=text("status = 'requested'"),
        ),
        Index("ix_payout_accounts_payee", "payee_kind", "payee_id", "id"),
    )

    id: Mapped[Id]
    payee_kind: Mapped[str]
    payee_id: Mapped[UUID]
    kind: Mapped[str]
    provider: Mapped[str]
    bank_code: Mapped[str | None]
    number: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_ends: Mapped[str | None]
    number_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    name: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=AccountStatus.REQUESTED)
    checked_at: Mapped[datetime | None]  # when the provider said whether name and number belong together
    score: Mapped[int | None] = mapped_column(SmallInteger)
    check_note: Mapped[str | None]
    requested_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    usable_from: Mapped[datetime | None]


class PayoutRun(Base):
    """A run for one cutoff. A second run for the same cutoff goes on with the first, and changes nothing after it."""

    __tablename__ = "payout_runs"
    __table_args__ = (UniqueConstraint("cutoff"),)

    id: Mapped[Id]
    cutoff: Mapped[datetime]
    up_to: Mapped[int | None] = mapped_column(BigInteger)  # all postings up to this number have settled
    asked_by: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]


class Payout(Base):
    __tablename__ = "payouts"
    __table_args__ = (
        one_of("payee_kind", PayeeKind),
        one_of("status", Status),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("attempt BETWEEN 1 AND 99", name="attempt"),
        CheckConstraint(
            "outcome_said IS NULL OR (outcome_said IN ('paid', 'failed') AND decided_by IS NOT NULL)",
            name="outcome_said",
        ),
        CheckConstraint("status NOT IN ('approved', 'sending', 'paid') OR approved_by IS NOT NULL", name="approved"),
        CheckConstraint("(status IN ('paid', 'returned')) = (paid_at IS NOT NULL)", name="paid"),
        UniqueConstraint("run_id", "payee_kind", "payee_id"),
        UniqueConstraint("code"),
        Index("uq_payouts_open", "payee_kind", "payee_id", unique=True, postgresql_where=text(_OPEN)),
        Index("ix_payouts_payee", "payee_kind", "payee_id", "id"),
        Index("ix_payouts_status", "status", "id"),
        Index("ix_payouts_cutoff", "cutoff", "id"),
        Index("ix_payouts_batch", "batch", "id", postgresql_where=text("batch IS NOT NULL")),
        Index("ix_payouts_under_way", "sent_at", postgresql_where=text(_UNDER_WAY)),
    )

    id: Mapped[Id]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("payout_runs.id"))
    code: Mapped[str]  # what providers know it by, with the number of the attempt
    payee_kind: Mapped[str]
    payee_id: Mapped[UUID]
    payee_name: Mapped[str]
    currency: Mapped[str] = mapped_column(server_default="NPR")
    cutoff: Mapped[datetime]
    up_to: Mapped[int] = mapped_column(BigInteger)  # it pays the postings of its payee up to this number
    amount: Mapped[Paisa]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("payout_accounts.id"))
    provider: Mapped[str]
    status: Mapped[str]
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    approved_by: Mapped[str | None]  # staff:…, or `policy` up to the configured amount
    approved_at: Mapped[datetime | None]
    batch: Mapped[str | None]  # the bank file it stands in
    file_taken_by: Mapped[str | None]  # who has downloaded that file last
    file_takers: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")  # all who have
    reference: Mapped[str | None]  # the provider's own name for it
    reason: Mapped[str | None]
    said: Mapped[str | None]  # the provider's last words
    sent_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    stuck_told_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]  # who said by hand what became of it
    # What one person said of a payout behind which nobody else stands, until a second person says so too.
    outcome_said: Mapped[str | None]
    paid_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def key(self) -> str:
        """What the provider gets as its key: another one only after a definite refusal."""
        return self.code if self.attempt == 1 else f"{self.code}-{self.attempt}"


class PayoutSkip(Base):
    """A payee with a balance whom a run passed over, and why. The balance carries over."""

    __tablename__ = "payout_skips"
    __table_args__ = (one_of("payee_kind", PayeeKind), one_of("reason", Skip))

    run_id: Mapped[UUID] = mapped_column(ForeignKey("payout_runs.id"), primary_key=True)
    payee_kind: Mapped[str] = mapped_column(primary_key=True)
    payee_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str]
    balance: Mapped[int] = mapped_column(BigInteger)
