from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, Paisa, one_of


class ChargebackState(StrEnum):
    TAKEN = "taken"
    GIVEN_BACK = "given_back"
    NOTHING = "nothing"  # nothing was left of the top-up


class Chargeback(Base):
    """A dispute, or a refund that we did not make. There is one row for each that the gateway has."""

    __tablename__ = "chargebacks"
    __table_args__ = (
        CheckConstraint("kind IN ('dispute', 'refund')", name="kind"),
        one_of("state", ChargebackState),
        CheckConstraint("claimed > 0 AND amount >= 0", name="amounts"),
        CheckConstraint("(transaction_id IS NOT NULL) = (amount > 0)", name="booked"),
        UniqueConstraint("gateway", "gateway_id"),
    )

    id: Mapped[Id]
    intent_id: Mapped[UUID] = mapped_column(ForeignKey("payment_intents.id"), index=True)
    gateway: Mapped[str]
    gateway_id: Mapped[str]
    kind: Mapped[str]
    claimed: Mapped[Paisa]  # what the gateway took, in the smallest unit of the charge's currency
    amount: Mapped[Paisa]  # what that is of the top-up, in paisa
    state: Mapped[str]
    transaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("wallet_transactions.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    changed_at: Mapped[datetime | None]
