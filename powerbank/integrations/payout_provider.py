"""Define what every provider of payouts is to Powerbank. Amounts are whole paisa."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class PayoutState(StrEnum):
    PROCESSING = "processing"  # taken, and not yet decided
    PAID = "paid"
    FAILED = "failed"  # a definite no: no money has moved, or it came back


@dataclass(frozen=True)
class Destination:
    """An account to pay to."""

    number: str
    name: str
    bank_code: str | None = None


@dataclass(frozen=True)
class Order:
    """What a provider is asked to pay. The key is the same at each repeat."""

    key: str
    amount: int
    to: Destination
    remarks: str
    ordered_at: datetime


@dataclass(frozen=True)
class ProviderAnswer:
    state: PayoutState
    reference: str | None = None
    said: str | None = None  # in the provider's own words, without numbers of accounts


@dataclass(frozen=True)
class AccountCheck:
    """Whether a number and a name belong together. A score is in percent, and None where the provider gives none."""

    exists: bool
    score: int | None = None
    note: str | None = None


class PayoutProvider(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def automatic(self) -> bool:
        """Say whether a program sends to it; elsewhere a person or a file does."""

    def check_account(self, to: Destination) -> AccountCheck: ...

    def send(self, order: Order) -> ProviderAnswer:
        """Send money. A `VendorError` says that it may have been taken, a `VendorRefusedError` that it was not."""

    def find(self, order: Order) -> ProviderAnswer | None:
        """Ask what became of an order. None: the provider says that it has none, and enough time has passed for it."""
