"""The states of a payout and of a payout account, with the moves that they allow."""

from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    SENDING = "sending"
    PROCESSING = "processing"  # the provider, the bank or a person has it
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"  # it was paid, and came back
    UNKNOWN = "unknown"  # the provider may have taken it, and did not say so
    HELD = "held"
    CANCELLED = "cancelled"


# The trigger `payout_moves` of the database refuses every other move.
MOVES = MappingProxyType(
    {
        Status.DRAFT: {Status.AWAITING_APPROVAL, Status.APPROVED, Status.CANCELLED},
        Status.AWAITING_APPROVAL: {Status.APPROVED, Status.HELD, Status.CANCELLED},
        Status.APPROVED: {Status.SENDING, Status.HELD, Status.CANCELLED},
        Status.SENDING: {Status.PROCESSING, Status.PAID, Status.FAILED, Status.UNKNOWN},
        Status.PROCESSING: {Status.PAID, Status.FAILED, Status.UNKNOWN},
        Status.UNKNOWN: {Status.PROCESSING, Status.PAID, Status.FAILED},
        Status.PAID: {Status.RETURNED},
        Status.FAILED: {Status.AWAITING_APPROVAL, Status.CANCELLED},
        Status.HELD: {Status.AWAITING_APPROVAL, Status.CANCELLED},
        Status.RETURNED: set[Status](),
        Status.CANCELLED: set[Status](),
    }
)
# A payee has one payout at a time that is not over. Its balance is not paid a second time meanwhile.
OPEN = frozenset(
    {
        Status.DRAFT,
        Status.AWAITING_APPROVAL,
        Status.APPROVED,
        Status.SENDING,
        Status.PROCESSING,
        Status.UNKNOWN,
        Status.HELD,
    }
)
# The provider has it, or may have it, so it is asked.
UNDER_WAY = frozenset({Status.SENDING, Status.PROCESSING, Status.UNKNOWN})


class AccountStatus(StrEnum):
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    REPLACED = "replaced"


class AccountKind(StrEnum):
    BANK = "bank"
    KHALTI = "khalti"
    BY_HAND = "by_hand"


class PayeeKind(StrEnum):
    PARTNER = "partner"
    CREW = "crew"


class Skip(StrEnum):
    """Why a payee with a balance got no payout."""

    BELOW_MINIMUM = "below_minimum"
    NEGATIVE = "negative_balance"
    NO_ACCOUNT = "no_confirmed_account"
    COOLING_OFF = "account_cooling_off"
    OPEN_PAYOUT = "payout_open"
    LATER_PAYOUT = "later_payout"  # a run for a later cutoff has paid it
    HELD = "held"
    INACTIVE = "inactive"
    NO_PROVIDER = "provider_unavailable"
