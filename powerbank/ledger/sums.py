"""The balances of hot accounts: the sums that are sealed, and the postings since.

Postings get their numbers before they commit, so a lower number may appear after a higher one. A seal is
therefore made in two steps: first it names a number and takes a transaction id after that; once no transaction
older than the id is under way, every posting up to the number is there or will never be, and the sums are kept.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from powerbank.base.db import db, open_session
from powerbank.ledger.models import Seal

_NAME = text("""
    SELECT max(newest.number)
      FROM ledger_accounts a
     CROSS JOIN LATERAL (SELECT number FROM ledger_postings WHERE account_id = a.id ORDER BY number DESC LIMIT 1) newest
     WHERE NOT a.floored
    HAVING max(newest.number) > (SELECT coalesce(max(up_to), 0) FROM ledger_seals)
""")
_OPEN = text("""
    INSERT INTO ledger_seals (up_to, horizon) VALUES (:up_to, CAST(CAST(pg_current_xact_id() AS text) AS bigint))
        ON CONFLICT DO NOTHING
""")
_READY = text("""
    SELECT up_to, horizon <= CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS settled,
           horizon > CAST(CAST(pg_current_xact_id() AS text) AS bigint) AS of_another_server
      FROM ledger_seals WHERE sealed_at IS NULL FOR UPDATE
""")
_SUMS = text("""
    INSERT INTO ledger_sums (account_id, up_to, change, balance)
    SELECT a.id, :up_to, fresh.change, coalesce(before.balance, 0) + fresh.change
      FROM ledger_accounts a
      LEFT JOIN LATERAL (SELECT up_to, balance FROM ledger_sums WHERE account_id = a.id
                          ORDER BY up_to DESC LIMIT 1) before ON true
     CROSS JOIN LATERAL (SELECT sum(amount) AS change FROM ledger_postings
                          WHERE account_id = a.id AND number > coalesce(before.up_to, 0) AND number <= :up_to) fresh
     WHERE NOT a.floored AND fresh.change IS NOT NULL
""")
_SEALED = text("UPDATE ledger_seals SET sealed_at = :now WHERE up_to = :up_to")

# Only postings below `before` are counted. A floored account has its balance in its row.
_BALANCES = text("""
    SELECT a.id, coalesce(sealed.balance, 0) + coalesce(fresh.change, 0) AS balance
      FROM ledger_accounts a
      LEFT JOIN LATERAL (SELECT up_to, balance FROM ledger_sums WHERE account_id = a.id AND up_to < :before
                          ORDER BY up_to DESC LIMIT 1) sealed ON true
     CROSS JOIN LATERAL (SELECT sum(amount) AS change FROM ledger_postings
                          WHERE account_id = a.id AND number > coalesce(sealed.up_to, 0) AND number < :before) fresh
     WHERE a.id = ANY(CAST(:ids AS uuid[])) AND NOT a.floored
""")
ALL = 2**63 - 1
# Of each account the last posting that counts at a moment, and the balance up to that posting.
_AT = text("""
    SELECT a.id, newest.number AS up_to,
           CAST(coalesce(sealed.balance, 0) + coalesce(fresh.change, 0) AS bigint) AS balance
      FROM unnest(CAST(:ids AS uuid[])) AS a (id)
     CROSS JOIN LATERAL (SELECT number FROM ledger_postings
                          WHERE account_id = a.id AND number <= :settled AND created_at <= :moment
                          ORDER BY number DESC LIMIT 1) newest
      LEFT JOIN LATERAL (SELECT up_to, balance FROM ledger_sums WHERE account_id = a.id AND up_to <= newest.number
                          ORDER BY up_to DESC LIMIT 1) sealed ON true
     CROSS JOIN LATERAL (SELECT sum(amount) AS change FROM ledger_postings
                          WHERE account_id = a.id AND number > coalesce(sealed.up_to, 0)
                            AND number <= newest.number) fresh
     ORDER BY a.id
""")


def name_seal() -> None:
    """Take the first step of a seal.

    The transaction must not have written before, since its id has to be younger than the numbers of the postings.
    """
    session = open_session()
    if session.scalar(text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")):
        raise RuntimeError("a seal is named in a transaction of its own")
    up_to = session.scalar(_NAME)
    if up_to is not None:
        session.execute(_OPEN, {"up_to": up_to})


def close_seal(*, now: datetime) -> bool:
    """Take the second step of a seal, if the postings that it names have settled by now."""
    session = open_session()
    seal = session.execute(_READY).one_or_none()
    # A copy of the database on another server counts transactions anew, and none from before is under way there.
    if seal is None or not (seal.settled or seal.of_another_server):
        return False
    session.execute(_SUMS, {"up_to": seal.up_to})
    session.execute(_SEALED, {"up_to": seal.up_to, "now": now})
    return True


def find_settled_number(since: datetime) -> int | None:
    """Find the number up to which all postings are known that were booked before a moment. None: not yet.

    It is known once a seal that was named after the moment is closed, or once there is nothing left to seal.
    """
    session = db.session
    newest = session.scalar(select(Seal).where(Seal.sealed_at.is_not(None)).order_by(Seal.up_to.desc()).limit(1))
    if newest is not None and newest.made_at >= since:
        return newest.up_to
    # While a seal is open, there may be postings below its number that nobody sees yet.
    if session.scalar(select(Seal.up_to).where(Seal.sealed_at.is_(None))) is not None:
        return None
    return None if session.scalar(_NAME) is not None else newest.up_to if newest is not None else 0


def balances_at(account_ids: Sequence[UUID], *, settled: int, moment: datetime) -> Sequence[Any]:
    """Read the balances of hot accounts at a moment, each with the number of the last posting that counts.

    Only postings up to `settled` count, and only accounts that have one.
    """
    parameters = {"ids": list(map(str, account_ids)), "settled": settled, "moment": moment}
    return db.session.execute(_AT, parameters).all()


def sum_balances(account_ids: Sequence[UUID], *, before: int = ALL) -> dict[UUID, int]:
    """Add up the balances of hot accounts from the postings with a number below `before`."""
    rows = db.session.execute(_BALANCES, {"ids": list(map(str, account_ids)), "before": before})
    return {row.id: int(row.balance) for row in rows}
