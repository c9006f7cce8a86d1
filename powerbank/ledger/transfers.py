"""Book many entries by one call of the database, each of which moves an amount between two accounts without a floor."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text

from powerbank.base.db import new_id, open_session
from powerbank.ledger.accounts import REVENUES, AccountName
from powerbank.ledger.errors import KeyReusedError
from powerbank.ledger.services import EntryKind, prepare_accounts

# `powerbank/sql/post_transfers.sql` says how.
_POST = text("""
    SELECT post_transfers(:kind, :actor, :about, CAST(:ids AS uuid[]), CAST(:keys AS text[]), CAST(:abouts AS text[]),
                          CAST(:sources AS uuid[]), CAST(:targets AS uuid[]), CAST(:currencies AS text[]),
                          CAST(:amounts AS bigint[]))
""")


class Transfer(NamedTuple):
    key: str
    about: str  # the identifier of what the entry is about
    source: AccountName
    target: AccountName
    amount: int


def post_transfers(kind: EntryKind, transfers: Sequence[Transfer], *, about: str, actor: str) -> None:
    """Book entries whose keys nobody has used yet. One that was used refuses all of them.

    `post_entry` locks and checks accounts with a floor, and tells those who share in revenue: none of these go here.
    """
    names = {name for each in transfers for name in (each.source, each.target)}
    if any(name.rule.floored or name.kind in REVENUES for name in names):
        raise ValueError("one of these accounts needs post_entry")
    if not transfers:
        return
    accounts = prepare_accounts(sorted(names))
    parameters = {
        "kind": kind,
        "actor": actor,
        "about": about,
        "ids": [str(new_id()) for _ in transfers],
        "keys": [each.key for each in transfers],
        "abouts": [each.about for each in transfers],
        "sources": [str(accounts[each.source].id) for each in transfers],
        "targets": [str(accounts[each.target].id) for each in transfers],
        "currencies": [each.source.currency for each in transfers],
        "amounts": [each.amount for each in transfers],
    }
    if open_session().scalar(_POST, parameters) != len(transfers):
        raise KeyReusedError
