"""Entries that earn revenue or give it back, for those who share in it.

They are told at the end of the transaction, of all its entries together: a settlement books several, and what follows
from them is one more entry that commits with them or not at all.
"""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from powerbank.base.db import before_commit, open_session
from powerbank.ledger.accounts import REVENUES, AccountName, Kind

# It gets the identifiers of entries of the open transaction. One that was rolled back to a savepoint is not there.
Reaction = Callable[[Sequence[UUID]], object]

_reactions: list[Reaction] = []
_NOTED = "entries_with_revenue"
_WAIVED = "due_waived"


def register_reactions(*reactions: Reaction) -> None:
    _reactions[:] = reactions


def note_entry(entry_id: UUID, kind: str, accounts: Iterable[AccountName]) -> None:
    """Note an entry that has just been booked, if it moves revenue. A due that is waived gives its revenue back."""
    moves = any(name.kind in REVENUES or (kind == _WAIVED and name.kind is Kind.WRITE_OFFS) for name in accounts)
    if not moves or not _reactions:
        return
    session = open_session()
    transaction, entries = session.info.get(_NOTED, (None, []))
    if transaction is not session.get_transaction():
        entries = []
        session.info[_NOTED] = (session.get_transaction(), entries)
        before_commit(lambda: _tell(entries))
    entries.append(entry_id)


def _tell(entries: list[UUID]) -> None:
    open_session().flush()
    for react in _reactions:
        react(entries)
