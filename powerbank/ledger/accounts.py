"""The chart of accounts, as data.

Amounts are signed: a credit is positive, a debit negative. What a person has stands on the credit side; what the
network has, or is owed, stands on the debit side. A floored account never leaves its side of zero; its balance is a row
that every posting updates. All other accounts are hot, which means shared by everybody: their balances are summed up
from postings (`powerbank.ledger.sums`), so that nobody waits for anybody.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from powerbank.base.money import NPR, PTS


class Side(StrEnum):
    CREDIT = "credit"
    DEBIT = "debit"


class Kind(StrEnum):
    USER_WALLET = "user_wallet"
    USER_HOLD = "user_hold"
    USER_POINTS = "user_points"
    USER_POINTS_HOLD = "user_points_hold"
    DUES_RECEIVABLE = "dues_receivable"
    POINTS_DUES_RECEIVABLE = "points_dues_receivable"
    GATEWAY_CLEARING = "gateway_clearing"
    RENTAL_REVENUE = "rental_revenue"
    OVERDUE_REVENUE = "overdue_revenue"
    SALES_REVENUE = "sales_revenue"
    PROMOTION_EXPENSE = "promotion_expense"
    POINTS_LIABILITY = "points_liability"
    PARTNER_PAYABLE = "partner_payable"
    PARTNER_EXPENSE = "partner_expense"
    WITHHELD_TAX = "withheld_tax"
    CREW_PAYABLE = "crew_payable"
    CREW_EXPENSE = "crew_expense"
    PAYOUT_CLEARING = "payout_clearing"
    REFUNDS_CLEARING = "refunds_clearing"
    FX = "fx"
    ADJUSTMENTS = "adjustments"
    WRITE_OFFS = "write_offs"


@dataclass(frozen=True)
class Rule:
    normal: Side
    owned: bool = False  # there is one for each person, gateway, partner or member of crew; else one for each currency
    floored: bool = False
    points: bool = False  # it is kept in PTS, and in no other currency


RULES = MappingProxyType(
    {
        Kind.USER_WALLET: Rule(Side.CREDIT, owned=True, floored=True),
        Kind.USER_HOLD: Rule(Side.CREDIT, owned=True, floored=True),
        Kind.USER_POINTS: Rule(Side.CREDIT, owned=True, floored=True, points=True),
        Kind.USER_POINTS_HOLD: Rule(Side.CREDIT, owned=True, floored=True, points=True),
        Kind.DUES_RECEIVABLE: Rule(Side.DEBIT, owned=True, floored=True),
        Kind.POINTS_DUES_RECEIVABLE: Rule(Side.DEBIT, owned=True, floored=True, points=True),
        Kind.GATEWAY_CLEARING: Rule(Side.DEBIT, owned=True),
        Kind.RENTAL_REVENUE: Rule(Side.CREDIT),
        Kind.OVERDUE_REVENUE: Rule(Side.CREDIT),
        Kind.SALES_REVENUE: Rule(Side.CREDIT),
        Kind.PROMOTION_EXPENSE: Rule(Side.DEBIT),
        # The other side of every point that people have: its debit balance is all of them together.
        Kind.POINTS_LIABILITY: Rule(Side.DEBIT, points=True),
        # A refund after a payout makes it negative until the next one.
        Kind.PARTNER_PAYABLE: Rule(Side.CREDIT, owned=True),
        Kind.PARTNER_EXPENSE: Rule(Side.DEBIT),
        # What is kept back from shares for the tax office.
        Kind.WITHHELD_TAX: Rule(Side.CREDIT),
        Kind.CREW_PAYABLE: Rule(Side.CREDIT, owned=True),
        Kind.CREW_EXPENSE: Rule(Side.DEBIT),
        Kind.PAYOUT_CLEARING: Rule(Side.CREDIT),
        Kind.REFUNDS_CLEARING: Rule(Side.CREDIT),
        Kind.FX: Rule(Side.CREDIT),
        Kind.ADJUSTMENTS: Rule(Side.DEBIT),
        Kind.WRITE_OFFS: Rule(Side.DEBIT),
    }
)

REVENUES = frozenset({Kind.RENTAL_REVENUE, Kind.OVERDUE_REVENUE, Kind.SALES_REVENUE})


class AccountName(NamedTuple):
    kind: Kind
    owner: str
    currency: str

    @property
    def rule(self) -> Rule:
        return RULES[self.kind]


def user_account(kind: Kind, user_id: UUID) -> AccountName:
    return AccountName(kind, str(user_id), PTS if RULES[kind].points else NPR)


def network_account(kind: Kind, currency: str | None = None) -> AccountName:
    return AccountName(kind, "", currency or (PTS if RULES[kind].points else NPR))


def gateway_account(gateway: str, currency: str = NPR) -> AccountName:
    return AccountName(Kind.GATEWAY_CLEARING, gateway, currency)


# The accounts of a person are opened together, in this order: whoever needs one locks all of them, so no two
# transactions wait in a circle.
USER_KINDS = tuple(kind for kind, rule in RULES.items() if rule.floored)

# The network's own accounts are opened together with the first of them, for the same reason.
OWN_ACCOUNTS = tuple(network_account(kind) for kind, rule in RULES.items() if not rule.owned)
