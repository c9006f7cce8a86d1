"""Reactions to a wallet that has become less or more, in the same transaction."""

from collections.abc import Callable, Mapping
from uuid import UUID

from powerbank.ledger.accounts import AccountName, Kind, user_account
from powerbank.live import changes

# It gets the person whose wallet has become less, and what is in the wallet now.
AfterDebit = Callable[[UUID, int], None]
# It gets a person who owes something and whose wallet has become more.
AfterCredit = Callable[[UUID], None]

# What a person's screens show of an account.
_SHOWN_AS = {
    Kind.USER_WALLET: "wallet",
    Kind.USER_HOLD: "wallet",
    Kind.DUES_RECEIVABLE: "wallet",
    Kind.USER_POINTS: "points",
    Kind.USER_POINTS_HOLD: "points",
    Kind.POINTS_DUES_RECEIVABLE: "points",
}

_after_debit: list[AfterDebit] = []
_after_credit: list[AfterCredit] = []


def register_after_debit(*reactions: AfterDebit) -> None:
    _after_debit[:] = reactions


def register_after_credit_of_debtor(*reactions: AfterCredit) -> None:
    _after_credit[:] = reactions


def react_to_entry(amounts: Mapping[AccountName, int], before: Mapping[AccountName, int | None]) -> None:
    """Run the reactions to what an entry has just moved. `before` has the balances of all accounts of these people."""
    for name, amount in amounts.items():
        if name.kind in _SHOWN_AS:
            changes.announce(changes.topic_of_user(name.owner), kind=_SHOWN_AS[name.kind], id=None)
        if name.kind is not Kind.USER_WALLET:
            continue
        owner = UUID(name.owner)
        if amount < 0:
            for hook in _after_debit:
                hook(owner, (before[name] or 0) + amount)
        elif before[user_account(Kind.DUES_RECEIVABLE, owner)]:
            for do in _after_credit:
                do(owner)
