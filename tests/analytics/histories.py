"""Histories of any kind, written straight into the log and the ledger: the fold reads nothing else."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from jobs.analytics import fold
from powerbank.analytics.buckets import folding
from powerbank.analytics.models import ALL
from powerbank.base.clock import HOME
from powerbank.base.db import db, new_id, transaction, utcnow

LATEST = 60  # hours ago

_RENTAL = """
    INSERT INTO rentals (id, code, user_id, station_id, package_id, status, payment_method, package_name, payment_model,
                         duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes, replacement_price,
                         cancel_window_minutes, lost_after_days, points_per_npr, bank_id, slot_number, created_at,
                         started_at, due_at)
    SELECT :id, :code, user_id, station_id, package_id, 'active', payment_method, package_name, payment_model,
           duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes, replacement_price,
           cancel_window_minutes, lost_after_days, points_per_npr, bank_id, slot_number, :at, :at,
           CAST(:at AS timestamptz) + interval '1 hour'
      FROM rentals WHERE id = :of"""
_EVENT = """
    INSERT INTO rental_events (id, rental_id, at, event, cause, from_status, to_status)
    VALUES (:id, :rental_id, :at, :event, 'station', :before, :after)"""
_ENTRY = """
    INSERT INTO ledger_entries (id, kind, key, reference_kind, reference_id, actor, created_at)
    VALUES (:id, :kind, :key, 'rental', :about, 'test', :at)"""
_POSTINGS = """
    INSERT INTO ledger_postings (entry_id, account_id, currency, amount, created_at)
    SELECT :id, account.id, 'NPR', CASE account.kind WHEN 'rental_revenue' THEN :amount ELSE -:amount END, :at
      FROM ledger_accounts AS account
     WHERE account.owner = '' AND account.currency = 'NPR' AND account.kind IN ('rental_revenue', 'adjustments')"""
_REFUSAL = """
    INSERT INTO refused_starts (id, at, user_id, station_sn, reason, value)
    SELECT :id, :at, user_id, 'A', 'no_powerbank_available', 5000 FROM rentals WHERE id = :of"""
_ONE_PASS = """
    SELECT day, sum(started), sum(completed), sum(revenue), sum(refused)
      FROM (SELECT CAST(timezone(:home, at) AS date) AS day,
                   CAST(to_status = 'active' AND from_status <> 'overdue' AS int) AS started,
                   CAST(to_status = 'completed' AS int) AS completed, 0 AS revenue, 0 AS refused
              FROM rental_events WHERE to_status IN ('active', 'completed')
             UNION ALL
            SELECT CAST(timezone(:home, entry.created_at) AS date), 0, 0, posting.amount, 0
              FROM ledger_entries AS entry JOIN ledger_postings AS posting ON posting.entry_id = entry.id
              JOIN ledger_accounts AS account ON account.id = posting.account_id AND account.kind = 'rental_revenue'
             UNION ALL
            SELECT CAST(timezone(:home, at) AS date), 0, 0, 0, 1 FROM refused_starts) AS happened
     GROUP BY day"""
_KEPT = """
    SELECT day, rentals_started, rentals_completed, revenue_fares, refused_starts FROM figure_days
     WHERE station_id = :all AND package_id = :all"""


@dataclass(frozen=True)
class Step:
    what: str
    hours: int


@dataclass
class History:
    """What a history is made of: a rental to copy, and those that are out."""

    model: UUID
    out: list[UUID] = field(default_factory=list)

    def write(self, statement: str, **values: Any) -> None:
        with transaction() as session:
            session.execute(text(statement), values)


def begin() -> History:
    return History(db.session.execute(text("SELECT id FROM rentals ORDER BY id LIMIT 1")).scalar_one())


def play(past: History, step: Step) -> None:
    at = utcnow() - timedelta(hours=step.hours)
    if step.what == "rental":
        rental_id = new_id()
        past.write(_RENTAL, id=rental_id, code=uuid4().hex[:10], of=past.model, at=at)
        _tell(past, rental_id, at, "ejected", "ejecting", "active")
        _book(past, rental_id, 50_00, "spend")
        past.out.append(rental_id)
    elif step.what == "return" and past.out:
        rental_id = past.out.pop()
        past.write(
            "UPDATE rentals SET status = 'completed', ended_at = greatest(:at, started_at) WHERE id = :id",
            id=rental_id,
            at=at,
        )
        _tell(past, rental_id, at, "returned", "active", "completed")
    elif step.what == "refund":
        _book(past, past.model, -20_00, "refund")
    elif step.what == "refusal":
        past.write(_REFUSAL, id=new_id(), at=utcnow(), of=past.model)
    elif step.what == "fold":
        fold(seconds=60)
    elif step.what in ("piece", "crash"):
        _begin_to_fold(dies=step.what == "crash")


def read_days() -> set[tuple[Any, ...]]:
    return _rows(_KEPT, all=ALL)


def sum_in_one_pass() -> set[tuple[Any, ...]]:
    return _rows(_ONE_PASS, home=HOME.key)


def _rows(query: str, **values: Any) -> set[tuple[Any, ...]]:
    found = {(row[0], *map(int, row[1:])) for row in db.session.execute(text(query), values)}
    db.session.rollback()
    return {row for row in found if any(row[1:])}


class DiedError(Exception):
    pass


def _begin_to_fold(*, dies: bool) -> None:
    """Note what is new and make one day, or die in the middle of it."""
    with transaction():
        folding.note_new_hours(utcnow())
    with suppress(DiedError), transaction():
        folding.make_newest_stale_day(utcnow())
        if dies:
            raise DiedError


def _tell(past: History, rental_id: UUID, at: datetime, event: str, before: str, after: str) -> None:
    past.write(_EVENT, id=new_id(), rental_id=rental_id, at=at, event=event, before=before, after=after)


def _book(past: History, about: UUID, amount: int, kind: str) -> None:
    entry_id, at = new_id(), utcnow()
    with transaction() as session:
        entry = {"id": entry_id, "kind": kind, "key": str(entry_id), "about": str(about), "at": at}
        session.execute(text(_ENTRY), entry)
        session.execute(text(_POSTINGS), {"id": entry_id, "amount": amount, "at": at})
