"""Accrue a partner's share with the revenue itself, in the transaction that earns the revenue or gives it back.

The ledger tells of its entries at the end of a transaction. Each entry that moved revenue of a rental becomes one more
entry, which books the share, under a key made of the first one. What was accrued for the rental before and the
agreement by which it began decide how much it is, so it does not matter when a movement comes, or in which order.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import open_session
from powerbank.base.money import NPR
from powerbank.ledger.accounts import AccountName, Kind, network_account
from powerbank.ledger.services import Line
from powerbank.live import changes

ACTOR = "partners"

# `powerbank/sql/accrue_shares.sql` says how.
_ACCRUE = text("SELECT movements, partners FROM accrue_shares(CAST(:entries AS uuid[]))")


def accrue_entries(entry_ids: Sequence[UUID]) -> int:
    """Accrue what these entries of the ledger moved. Return how many of them somebody shares in.

    The people whose money moved are locked, since their entries were booked in this transaction or the caller has
    locked them: so two movements of one rental never count from the same state.
    """
    accrued = open_session().execute(_ACCRUE, {"entries": [str(each) for each in entry_ids]}).one()
    for partner_id in set(accrued.partners or ()):
        changes.announce(topic_of_partner(partner_id), kind="partner", id=partner_id)
    return int(accrued.movements)


def topic_of_partner(partner_id: UUID) -> str:
    """Name the topic of what a partner's people see: its earnings, stations and payouts."""
    return f"partner:{partner_id}"


def payable_account(partner_id: UUID) -> AccountName:
    """Name the account that holds what a partner has earned and was not paid yet."""
    return AccountName(Kind.PARTNER_PAYABLE, str(partner_id), NPR)


def share_lines(partner_id: UUID, *, share: int, withheld: int) -> list[Line]:
    """Make the lines that book a share: the network's expense, the tax that is withheld, and what is payable."""
    return [
        Line(network_account(Kind.PARTNER_EXPENSE), -share),
        Line(network_account(Kind.WITHHELD_TAX), withheld),
        Line(payable_account(partner_id), share - withheld),
    ]
