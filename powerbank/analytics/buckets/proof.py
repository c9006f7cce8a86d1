"""The figures' part of the night's recount: days equal the ledger and the log, the log equals the rentals, and the
stations together equal the network, and their towns and partners."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from powerbank.analytics.buckets.days import DAY, NEAR, day_begins
from powerbank.analytics.models import ALL, FoldMark
from powerbank.base.clock import HOME, local_day
from powerbank.base.db import db, first_id_of, utcnow
from powerbank.ledger.books.reconciliation import Difference

DAYS_AT_ONCE = 31
RENTALS_AT_ONCE = 20_000
FIRST = UUID(int=0)

# Each day's kept figures beside what one pass over the ledger gives. A day that is noted to be made again is left out.
_MONEY = text("""
    WITH counted AS (
        SELECT CAST(timezone(:home, entry.created_at) AS date) AS day,
               sum(posting.amount) FILTER (WHERE account.kind = 'rental_revenue') AS revenue_fares,
               sum(posting.amount) FILTER (WHERE account.kind = 'overdue_revenue') AS revenue_overdue,
               sum(posting.amount) FILTER (WHERE account.kind = 'sales_revenue') AS revenue_sales,
               -sum(posting.amount) FILTER (WHERE account.kind = 'gateway_clearing'
                                                  AND entry.kind = 'topup') AS topped_up
          FROM ledger_entries AS entry JOIN ledger_postings AS posting ON posting.entry_id = entry.id
          JOIN ledger_accounts AS account ON account.id = posting.account_id AND account.currency = 'NPR'
         WHERE entry.id >= :first AND entry.id < :last AND entry.created_at >= :since AND entry.created_at < :until
         GROUP BY 1
    ), kept AS (
        SELECT * FROM figure_days WHERE station_id = :all AND package_id = :all AND day >= :day AND day < :after)
    SELECT day, named.name, coalesce(named.kept, 0) AS kept, coalesce(named.counted, 0) AS counted
      FROM counted FULL JOIN kept USING (day)
     CROSS JOIN LATERAL (VALUES ('revenue_fares', kept.revenue_fares, counted.revenue_fares),
                                ('revenue_overdue', kept.revenue_overdue, counted.revenue_overdue),
                                ('revenue_sales', kept.revenue_sales, counted.revenue_sales),
                                ('topped_up', kept.topped_up, counted.topped_up)) AS named (name, kept, counted)
     WHERE coalesce(named.kept, 0) <> coalesce(named.counted, 0)
       AND NOT EXISTS (SELECT FROM figure_stale WHERE CAST(timezone(:home, at) AS date) = day)
     ORDER BY day, named.name
""")
_RENTALS = text("""
    WITH counted AS (
        SELECT CAST(timezone(:home, at) AS date) AS day,
               count(*) FILTER (WHERE to_status = 'active' AND from_status <> 'overdue') AS started,
               count(*) FILTER (WHERE to_status = 'completed')
                   - count(*) FILTER (WHERE from_status = 'completed') AS completed
          FROM rental_events WHERE at >= :since AND at < :until AND to_status IS NOT NULL GROUP BY 1
    ), kept AS (
        SELECT * FROM figure_days WHERE station_id = :all AND package_id = :all AND day >= :day AND day < :after)
    SELECT day, named.name, coalesce(named.kept, 0) AS kept, coalesce(named.counted, 0) AS counted
      FROM counted FULL JOIN kept USING (day)
     CROSS JOIN LATERAL (VALUES ('rentals_started', kept.rentals_started, counted.started),
                                ('rentals_completed', kept.rentals_completed, counted.completed)
                        ) AS named (name, kept, counted)
     WHERE coalesce(named.kept, 0) <> coalesce(named.counted, 0)
       AND NOT EXISTS (SELECT FROM figure_stale WHERE CAST(timezone(:home, at) AS date) = day)
     ORDER BY day, named.name
""")
_STATIONS = text("""
    SELECT day, named.name, sum(named.value) FILTER (WHERE station_id = :all) AS kept,
           coalesce(sum(named.value) FILTER (WHERE station_id <> :all), 0) AS counted
      FROM figure_days
     CROSS JOIN LATERAL (VALUES ('revenue of stations', revenue_fares + revenue_overdue + revenue_sales),
                                ('rentals of stations', CAST(rentals_started AS bigint))) AS named (name, value)
     WHERE package_id = :all AND day >= :day AND day < :after
     GROUP BY day, named.name
    HAVING coalesce(sum(named.value) FILTER (WHERE station_id = :all), 0)
           <> coalesce(sum(named.value) FILTER (WHERE station_id <> :all), 0)
     ORDER BY day, named.name
""")
# Each town and each partner beside its stations.
_SELECTIONS = text("""
    WITH counted AS (
        SELECT day, selection, sum(revenue_fares + revenue_overdue + revenue_sales) AS revenue,
               sum(rentals_started) AS rentals
          FROM figure_days JOIN figure_selected_stations USING (station_id)
         WHERE package_id = :all AND day >= :day AND day < :after AND day BETWEEN starts_on AND last_day
         GROUP BY day, selection
    ), kept AS (
        SELECT day, selection, revenue_fares + revenue_overdue + revenue_sales AS revenue, rentals_started AS rentals
          FROM figure_selection_days WHERE package_id = :all AND day >= :day AND day < :after)
    SELECT day, named.name || selection AS name, coalesce(named.kept, 0) AS kept, coalesce(named.counted, 0) AS counted
      FROM counted FULL JOIN kept USING (day, selection)
     CROSS JOIN LATERAL (VALUES ('revenue of ', kept.revenue, counted.revenue),
                                ('rentals of ', kept.rentals, counted.rentals)) AS named (name, kept, counted)
     WHERE coalesce(named.kept, 0) <> coalesce(named.counted, 0)
     ORDER BY day, selection, named.name
""")
# What the log of each rental leads to is the status that it has.
_STATUSES = text("""
    WITH batch AS (SELECT id, status FROM rentals WHERE id > :after ORDER BY id LIMIT :size)
    SELECT (SELECT id FROM batch ORDER BY id DESC LIMIT 1) AS last, count(*) AS rentals,
           count(*) FILTER (WHERE batch.status = 'completed') AS counted, coalesce(sum(log.completed), 0) AS kept
      FROM batch
     CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE to_status = 'completed')
                                - count(*) FILTER (WHERE from_status = 'completed') AS completed
                           FROM rental_events WHERE rental_id = batch.id) AS log
""")


def find_wrong_figures() -> Iterator[Difference]:
    """Compare each day that is over, and each rental. Each comparison is a snapshot of its own."""
    mark = db.session.scalar(select(FoldMark))
    db.session.rollback()
    if mark is None or mark.filled_from is None:
        return
    yield from _find_wrong_days(mark.filled_from, local_day(utcnow()))
    yield from _find_wrong_statuses()


def _find_wrong_days(first: date, today: date) -> Iterator[Difference]:
    while first < today:
        after = min(first + DAYS_AT_ONCE * DAY, today)
        since, until = day_begins(first), day_begins(after)
        values: dict[str, Any] = {"day": first, "after": after, "since": since, "until": until}
        values |= {"all": ALL, "home": HOME.key, "first": first_id_of(since, -NEAR), "last": first_id_of(until, NEAR)}
        for statement in (_MONEY, _RENTALS, _STATIONS, _SELECTIONS):
            used = {name: value for name, value in values.items() if f":{name}" in statement.text}
            rows = db.session.execute(statement, used).all()
            db.session.rollback()  # ends the snapshot
            for row in rows:
                yield Difference("figure", f"{row.name} {row.day}", int(row.kept or 0), int(row.counted))
        first = after


def _find_wrong_statuses() -> Iterator[Difference]:
    after = FIRST
    while True:
        row = db.session.execute(_STATUSES, {"after": after, "size": RENTALS_AT_ONCE}).one()
        db.session.rollback()
        if row.last is None:
            return
        if row.kept != row.counted:
            yield Difference("figure", f"completed rentals up to {row.last}", int(row.kept), int(row.counted))
        after = row.last
