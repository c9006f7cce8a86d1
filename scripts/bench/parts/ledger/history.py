"""Reading a ledger that has become large: how long balances, statements and the recount take."""

import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from jobs.ledger import recount_ledger
from powerbank.api import paging
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.ledger import queries, sums
from powerbank.ledger.models import Account, Posting
from scripts.bench.parts.ledger.clients import FIRST_PERSON, PEOPLE, person
from scripts.bench.shared.servers import Ground

REPEAT = 30
UNSEALED = 20_000  # postings of the hot account since the last seal: some minutes of a busy day

# Past the triggers, which would take an hour. Everybody's wallet grows by 100 in turns.
_FILL = """
    SET session_replication_role = replica;
    CREATE TEMP TABLE wallets AS
        SELECT CAST(right(owner, 12) AS bigint) - {first} AS n, id, balance
          FROM ledger_accounts WHERE kind = 'user_wallet';
    CREATE TEMP TABLE made AS
        SELECT uuidv7() AS id, i, i % {people} AS n, i / {people} + 1 AS turn FROM generate_series(0, {entries} - 1) i;
    INSERT INTO ledger_entries (id, kind, key, reference_kind, reference_id, actor)
    SELECT id, 'topup', CAST(id AS text), 'intent', CAST(i AS text), 'bench' FROM made ORDER BY i;
    INSERT INTO ledger_postings (entry_id, account_id, currency, amount, balance)
    SELECT made.id, line.account_id, 'NPR', line.amount, line.balance
      FROM made JOIN wallets USING (n)
     CROSS JOIN LATERAL (
           VALUES (wallets.id, 100, wallets.balance + 100 * turn),
                  ((SELECT id FROM ledger_accounts WHERE owner = 'khalti'), -100, NULL)
           ) line (account_id, amount, balance)
     ORDER BY made.i;
    UPDATE ledger_accounts a SET balance = a.balance + 100 * turns
      FROM (SELECT wallets.id, count(*) AS turns FROM made JOIN wallets USING (n) GROUP BY 1) x WHERE x.id = a.id;
    DROP TABLE made;
    DROP TABLE wallets;
    SET session_replication_role = origin
"""


def fill(ground: Ground, postings: int) -> None:
    """Write so many postings, all but the newest of them sealed."""
    there = int(str(ground.as_superuser("SELECT count(*) FROM ledger_postings")))
    for entries in (max(0, (postings - there) // 2 - UNSEALED), UNSEALED):
        ground.as_superuser(_FILL.format(first=FIRST_PERSON, people=PEOPLE, entries=entries))
        if entries != UNSEALED:
            for _ in range(2):
                with transaction():
                    sums.close_seal(now=utcnow())
                with transaction():
                    sums.name_seal()
    ground.as_superuser("VACUUM ANALYZE ledger_postings", "VACUUM ANALYZE ledger_entries", "CHECKPOINT")


def timings() -> dict[str, float]:
    """Return milliseconds, each the median of many runs."""
    hot = _account("khalti", "gateway_clearing")
    wallet = _account(str(person(1)), "user_wallet")
    newest = db.session.query(Posting.number).order_by(Posting.number.desc()).filter_by(account_id=hot).limit(1)
    middle = paging._encode(SimpleNamespace(number=(newest.scalar() or 0) // 2), [Posting.number])
    reads: dict[str, Callable[[], Any]] = {
        "a person's wallet": lambda: queries.wallet_of_user(person(1)),
        "balance of the hot account": lambda: sums.sum_balances([hot]),
        "statement of a person, a page": lambda: queries.statement_page(wallet, limit=20, cursor=None),
        "statement of the hot account, newest page": lambda: queries.statement_page(hot, limit=20, cursor=None),
        "the same, in the middle of its history": lambda: queries.statement_page(hot, limit=20, cursor=middle),
        "entries, newest page": lambda: queries.entry_page(limit=20, cursor=None),
    }
    found = {title: _median(read) for title, read in reads.items()}
    began = time.perf_counter()
    report = recount_ledger(new_id(), now=utcnow())
    if report.differences:
        raise RuntimeError(f"the books are wrong: {report.found}")
    return found | {"the night's recount of everything": (time.perf_counter() - began) * 1000}


def _account(owner: str, kind: str) -> UUID:
    return db.session.scalars(select(Account.id).filter_by(owner=owner, kind=kind)).one()


def _median(read: Callable[[], Any]) -> float:
    took = []
    for _ in range(REPEAT):
        db.session.rollback()
        db.session.expunge_all()
        began = time.perf_counter()
        read()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)
