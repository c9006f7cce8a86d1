"""How long people waited of late, in what this service promises: a start within 3 seconds, a top-up within 10.

Each figure is about the five minutes that ended a minute ago, so that what is under way has had its time. A monitor
adds the figures up over days.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import text

from powerbank.base.db import db, first_id_of

WINDOW = timedelta(minutes=5)
SETTLED_AFTER = timedelta(minutes=1)
START_WITHIN = 3.0  # seconds from the request until the power bank is out
TOPUP_WITHIN = 10.0  # seconds from the gateway's word until the wallet has it

# Ids begin with the time, so this reads the newest rows only. A start that never came out counts as late, unless its
# rider has changed their mind.
_STARTS = text("""
    SELECT count(*) FILTER (WHERE started_at <= created_at + make_interval(secs => :within)) AS in_time,
           count(*) FILTER (WHERE started_at > created_at + make_interval(secs => :within)
                               OR started_at IS NULL AND status <> 'cancelled') AS late
      FROM rentals WHERE id >= :first AND id < :last
""")
_TOPUPS = text("""
    SELECT count(*) FILTER (WHERE processed_at <= received_at + make_interval(secs => :within)) AS in_time,
           count(*) FILTER (WHERE processed_at > received_at + make_interval(secs => :within)
                               OR processed_at IS NULL) AS late
      FROM gateway_events
     WHERE received_at >= :since AND received_at < :until
       AND state IN ('received', 'processed') AND intent_id IS NOT NULL
""")


class Waits(NamedTuple):
    in_time: int
    late: int


def count_starts(now: datetime) -> Waits:
    until = now - SETTLED_AFTER
    values = {"first": first_id_of(until - WINDOW), "last": first_id_of(until), "within": START_WITHIN}
    return Waits(*db.session.execute(_STARTS, values).one())


def count_topups(now: datetime) -> Waits:
    until = now - SETTLED_AFTER
    values = {"since": until - WINDOW, "until": until, "within": TOPUP_WITHIN}
    return Waits(*db.session.execute(_TOPUPS, values).one())
