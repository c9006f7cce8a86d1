"""What happened since the day began, and on the same weekday a week ago up to the same time.

Ids of rows begin with the time, so a part of a day is a range of the primary key.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import text

from powerbank.base.clock import HOME
from powerbank.base.db import db, first_id_of
from powerbank.ledger.queries import sum_revenue

WEEK = timedelta(days=7)

_COUNT = text("""
    SELECT (SELECT count(*) FROM rentals WHERE id >= :first AND id < :last AND started_at IS NOT NULL) AS started,
           topups.paid, topups.failed, refused.starts, refused.value
      FROM (SELECT coalesce(sum(amount) FILTER (WHERE status = 'success'), 0) AS paid,
                   count(*) FILTER (WHERE status IN ('failed', 'expired', 'cancelled')) AS failed
              FROM payment_intents WHERE id >= :first AND id < :last) AS topups,
           (SELECT count(*) AS starts, coalesce(sum(value), 0) AS value
              FROM refused_starts WHERE id >= :first AND id < :last) AS refused
""")


@dataclass(frozen=True)
class Flows:
    started: int
    topped_up: int  # paisa
    topups_failed: int
    refused: int
    refused_value: int  # paisa
    revenue: int  # paisa


def count_flows(now: datetime) -> Flows:
    """Count what happened today, as the network's home counts days."""
    return _count(_begin_of_day(now), now)


def count_flows_of_last_week(now: datetime) -> Flows:
    """Count what happened on this weekday a week ago, up to this time of the day."""
    return _count(_begin_of_day(now) - WEEK, now - WEEK)


def _count(since: datetime, until: datetime) -> Flows:
    values = {"first": first_id_of(since), "last": first_id_of(until)}
    row = db.session.execute(_COUNT, values).one()
    return Flows(
        started=row.started,
        topped_up=int(row.paid),
        topups_failed=row.failed,
        refused=row.starts,
        refused_value=int(row.value),
        revenue=sum_revenue(since=since, until=until),
    )


def _begin_of_day(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(HOME).date(), time(), HOME)
