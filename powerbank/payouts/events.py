"""The events of payouts."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class PayoutAccountRequested(Event):
    account_id: UUID
    payee: str


@dataclass(frozen=True, kw_only=True)
class PayoutAccountChanged(Event):
    """An owner of a payee is told that it is paid to another account. It is told at the request and again later."""

    user_id: UUID
    account_id: UUID
    version: str


@dataclass(frozen=True, kw_only=True)
class PayoutWaits(Event):
    payout_id: UUID
    payee: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class PayoutApproved(Event):
    payout_id: UUID


@dataclass(frozen=True, kw_only=True)
class PayoutPaid(Event):
    payout_id: UUID


@dataclass(frozen=True, kw_only=True)
class PayoutOfOwner(Event):
    """The fields of what the owners of a payee are told of a payout."""

    user_id: UUID
    payout_id: UUID
    amount: int
    version: str


@dataclass(frozen=True, kw_only=True)
class OwnerPaid(PayoutOfOwner):
    """An owner is told that a payout was paid."""


@dataclass(frozen=True, kw_only=True)
class OwnerNotPaid(PayoutOfOwner):
    """An owner is told that a payout did not arrive, or came back."""


@dataclass(frozen=True, kw_only=True)
class PayoutFailed(Event):
    """A payout did not arrive, or came back: its money is payable again."""

    payout_id: UUID
    payee: str
    amount: int
    reason: str
    version: str


@dataclass(frozen=True, kw_only=True)
class PayoutStuck(Event):
    payout_id: UUID
    payee: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class PayoutRunFinished(Event):
    run_id: UUID
    count: int
    skipped: int
    amount: int
