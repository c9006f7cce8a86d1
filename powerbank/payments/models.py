from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, Paisa, one_of


class IntentStatus(StrEnum):
    PENDING = "pending"  # the gateway has not been asked yet
    READY = "ready"  # it can be paid
    PROCESSING = "processing"  # the payer has begun; the gateway does not know yet how it ends
    SUCCESS = "success"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REVIEW = "review"  # paid, but not as it was asked for: staff decide


class EventState(StrEnum):
    RECEIVED = "received"
    WAITING = "waiting"  # it speaks of a payment that we do not know yet
    PROCESSED = "processed"
    IGNORED = "ignored"  # it speaks of no payment
    FORGED = "forged"


class PaymentIntent(Base):
    """The intent of a person to put money into the wallet.

    Whatever became of it before, what is paid is credited, once.
    """

    __tablename__ = "payment_intents"
    __table_args__ = (
        one_of("status", IntentStatus),
        CheckConstraint("amount > 0 AND charged > 0", name="amounts"),
        CheckConstraint("(currency = 'NPR') = (rate IS NULL)", name="rate"),
        CheckConstraint("currency <> 'NPR' OR charged = amount", name="charged"),
        CheckConstraint("status <> 'success' OR (payment_id IS NOT NULL AND settled_at IS NOT NULL)", name="settled"),
        CheckConstraint(
            "(resolved_at IS NULL) = (resolved_by IS NULL) AND (resolved_at IS NULL) = (resolution IS NULL)",
            name="resolved",
        ),
        UniqueConstraint("gateway", "reference"),
        UniqueConstraint("gateway", "payment_id"),
        Index("ix_payment_intents_user", "user_id", "id"),
        Index("ix_payment_intents_poll", "poll_at", postgresql_where=text("poll_at IS NOT NULL")),
        Index("ix_payment_intents_status", "status", "id"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("wallet_transactions.id"), unique=True)
    gateway: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=IntentStatus.PENDING)
    amount: Mapped[Paisa]  # what is to be credited
    charged: Mapped[Paisa]  # what the gateway is to take, in the smallest unit of `currency`
    currency: Mapped[str]
    rate: Mapped[Decimal | None] = mapped_column(Numeric(18, 8))  # rupees for one unit of the currency
    rate_day: Mapped[date | None]
    reference: Mapped[str | None]  # the gateway's name for the session
    payment_url: Mapped[str | None]
    form: Mapped[dict[str, Any] | None]
    payment_id: Mapped[str | None]  # the gateway's name for the money that came
    expires_at: Mapped[datetime]
    poll_at: Mapped[datetime | None]  # when the gateway is asked next; none once it has said its last word
    polls: Mapped[int] = mapped_column(server_default="0")
    gateway_answer: Mapped[dict[str, Any] | None]  # the gateway's last answer, without the payer's data
    review_reason: Mapped[str | None]
    resolved_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    resolved_at: Mapped[datetime | None]  # from then on only staff change it
    resolution: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    settled_at: Mapped[datetime | None]


class GatewayEvent(Base):
    """A webhook of a gateway, or of somebody in its name. It is stored before anything is done about it."""

    __tablename__ = "gateway_events"
    __table_args__ = (
        one_of("state", EventState),
        UniqueConstraint("gateway", "event_id"),
        Index("ix_gateway_events_state", "state", "id"),
        Index("ix_gateway_events_gateway", "gateway", "id"),
        Index("ix_gateway_events_waiting", "gateway", "reference", postgresql_where=text("state = 'waiting'")),
        Index("ix_gateway_events_received_at", "received_at"),
    )

    id: Mapped[Id]
    gateway: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    query: Mapped[str] = mapped_column(server_default="")
    signature: Mapped[str | None]
    address: Mapped[str | None]
    event_id: Mapped[str | None]  # the gateway's own name of the event, if it has signed it
    type: Mapped[str | None]
    reference: Mapped[str | None]
    intent_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_intents.id"), index=True)
    state: Mapped[str] = mapped_column(server_default=EventState.RECEIVED)
    detail: Mapped[str | None]
    processed_at: Mapped[datetime | None]


class ExchangeRate(Base):
    """The central bank's rates of a day, in rupees for one unit of the currency."""

    __tablename__ = "exchange_rates"
    __table_args__ = (CheckConstraint("buy > 0 AND sell > 0", name="positive"),)

    currency: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    buy: Mapped[Decimal] = mapped_column(Numeric(18, 8))
    sell: Mapped[Decimal] = mapped_column(Numeric(18, 8))
    fetched_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
