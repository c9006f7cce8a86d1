from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, Paisa, one_of


class RefundStatus(StrEnum):
    REQUESTED = "requested"
    PROCESSING = "processing"  # the gateway has it
    MANUAL = "manual"  # staff have to pay it in the gateway's portal
    COMPLETED = "completed"
    REJECTED = "rejected"


OPEN = (RefundStatus.REQUESTED, RefundStatus.PROCESSING, RefundStatus.MANUAL)
_OPEN = f"status IN ({', '.join(repr(each.value) for each in OPEN)})"


class Refund(Base):
    """Something paid that is to go back: a payment to its sources, or a top-up to the gateway that it came through."""

    __tablename__ = "refunds"
    __table_args__ = (
        one_of("status", RefundStatus),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("decided_by <> first_approved_by", name="two_people"),
        CheckConstraint("status <> 'completed' OR refund_transaction_id IS NOT NULL", name="completed"),
        CheckConstraint("status NOT IN ('processing', 'manual') OR intent_id IS NOT NULL", name="through_gateway"),
        CheckConstraint("(status IN ('completed', 'rejected')) = (finished_at IS NOT NULL)", name="finished"),
        Index("uq_refunds_open", "transaction_id", unique=True, postgresql_where=text(_OPEN)),
        Index("ix_refunds_transaction", "transaction_id", "id"),
        Index("ix_refunds_user", "user_id", "id"),
        Index("ix_refunds_status", "status", "id"),
        Index(
            "ix_refunds_gateway_reference", "gateway_reference", postgresql_where=text("gateway_reference IS NOT NULL")
        ),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("wallet_transactions.id"))
    intent_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_intents.id"), index=True)  # for a top-up
    refund_transaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("wallet_transactions.id"), unique=True)
    amount: Mapped[Paisa]
    # What the gateway sends back, in the smallest unit of the intent's currency.
    gateway_amount: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str]
    status: Mapped[str]
    asked_by: Mapped[str]
    first_approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    note: Mapped[str | None]  # why it was rejected, or why staff have to see to it
    gateway_reference: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]
