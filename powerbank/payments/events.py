"""The events of payments."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class PaymentReady(Event):
    """The gateway has a page on which the person can pay."""

    user_id: UUID
    intent_id: UUID


@dataclass(frozen=True, kw_only=True)
class TopupSucceeded(Event):
    user_id: UUID
    intent_id: UUID
    transaction_id: UUID
    amount: int


@dataclass(frozen=True, kw_only=True)
class TopupFailed(Event):
    user_id: UUID
    intent_id: UUID
    status: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class PaymentNeedsReview(Event):
    intent_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class SettlementMismatch(Event):
    """The books and a gateway differ; the first difference is named."""

    check_id: UUID
    differences: int
    what: str
    intent_id: UUID


@dataclass(frozen=True, kw_only=True)
class ExchangeRatesStale(Event):
    pass


@dataclass(frozen=True, kw_only=True)
class DueLate(Event):
    """A due is collected by itself from now on; `amount` is all that the person owes."""

    user_id: UUID
    due_id: UUID
    amount: int


@dataclass(frozen=True, kw_only=True)
class DuePaid(Event):
    """All of a due or a part of it is paid, or several at once: `transaction_id` is the newest of these payments."""

    user_id: UUID
    transaction_id: UUID
    amount: int


@dataclass(frozen=True, kw_only=True)
class TopupChargedBack(Event):
    """A gateway has taken back a top-up, or a part of it; `amount` came out of the wallet."""

    user_id: UUID
    chargeback_id: UUID
    amount: int


@dataclass(frozen=True, kw_only=True)
class ChargebackOwed(Event):
    """A gateway has taken back more than the wallet holds; `amount` is owed."""

    user_id: UUID
    chargeback_id: UUID
    amount: int


@dataclass(frozen=True, kw_only=True)
class ChargebackReversed(Event):
    """A gateway has given back what it had taken."""

    user_id: UUID
    transaction_id: UUID
    amount: int


@dataclass(frozen=True, kw_only=True)
class BalanceLow(Event):
    user_id: UUID
    balance: int
    critical: bool


@dataclass(frozen=True, kw_only=True)
class UsageHigh(Event):
    """A person has spent far more in a day than usual."""

    user_id: UUID
    spend: int
    average: int


@dataclass(frozen=True, kw_only=True)
class RefundEvent(Event):
    """The fields of an event that the person of a refund hears of."""

    user_id: UUID
    refund_id: UUID
    amount: int


@dataclass(frozen=True, kw_only=True)
class RefundRequested(RefundEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class RefundApproved(RefundEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class RefundRejected(RefundEvent):
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefundCompleted(RefundEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class RefundWaits(Event):
    """Somebody of staff has to approve a refund. `approval` tells two approvals of one refund apart."""

    refund_id: UUID
    approval: str
    amount: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefundNeedsAttention(Event):
    refund_id: UUID
    reason: str
