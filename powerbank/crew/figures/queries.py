"""Figures of the crew's work: how long tasks take, how many banks were moved, who did not come, and what it costs.

A rental counts as saved by the crew where it began within a day after a task about banks was done at its station. Of
each task at most as many count as banks were brought or taken there, or one where the station itself was mended.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from powerbank.base.db import db, first_id_of

SAVED_WITHIN = timedelta(hours=24)
DAYS = (7, 30, 90)

_BY_KIND = text("""
    SELECT kind, count(*) FILTER (WHERE status = 'done') AS done,
           count(*) FILTER (WHERE status = 'not_needed') AS not_needed,
           count(*) FILTER (WHERE status = 'rejected') AS rejected,
           CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - created_at))
                FILTER (WHERE status = 'done') AS bigint) AS seconds_to_done,
           CAST(coalesce(sum(brought + taken) FILTER (WHERE status = 'done'), 0) AS bigint) AS moved
      FROM crew_tasks WHERE closed_at >= :since AND closed_at < :until
     GROUP BY kind ORDER BY done DESC, kind
""")
_CLAIMS = text("""
    SELECT count(*) FILTER (WHERE event IN ('claimed', 'assigned')) AS claimed,
           count(*) FILTER (WHERE event IN ('expired', 'shift_over')) AS no_shows
      FROM crew_task_events
     WHERE event IN ('claimed', 'assigned', 'expired', 'shift_over') AND at >= :since AND at < :until
""")
_COST = text("""
    SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM crew_earnings WHERE id >= :first AND id < :last
""")
# Ids begin with their milliseconds, so the index of rentals by station and id finds those of a day.
_SAVED = text("""
    SELECT CAST(coalesce(sum(least(greatest(task.brought + task.taken, 1), rented.count)), 0) AS bigint)
      FROM crew_tasks AS task
     CROSS JOIN LATERAL (SELECT CAST(extract(epoch FROM task.closed_at) * 1000 AS bigint) AS millisecond) AS done
     CROSS JOIN LATERAL (
           SELECT count(*) AS count FROM (
               SELECT FROM rentals AS rental
                WHERE rental.station_id = task.station_id
                  AND rental.id >= CAST(lpad(to_hex(done.millisecond), 12, '0') || '70008000000000000000' AS uuid)
                  AND rental.id < CAST(lpad(to_hex(done.millisecond + :within), 12, '0')
                                       || '70008000000000000000' AS uuid)
                  AND rental.status NOT IN ('cancelled', 'failed')
                LIMIT 200) AS of_a_day) AS rented
     WHERE task.closed_at >= :since AND task.closed_at < :until AND task.status = 'done'
       AND task.kind IN ('empty', 'full', 'low_charge', 'offline', 'slot_fault')
""")


def read_figures(*, days: int, now: datetime) -> dict[str, Any]:
    """Read the figures of the last days."""
    since = now - timedelta(days=days)
    period = {"since": since, "until": now}
    kinds = [dict(row) for row in db.session.execute(_BY_KIND, period).mappings()]
    claims = db.session.execute(_CLAIMS, period).one()
    ids = {"first": first_id_of(since), "last": first_id_of(now)}
    cost = int(db.session.scalar(_COST, ids) or 0)
    saved = int(db.session.scalar(_SAVED, period | {"within": int(SAVED_WITHIN.total_seconds() * 1000)}) or 0)
    return {
        "since": since,
        "until": now,
        "kinds": kinds,
        "done": sum(each["done"] for each in kinds),
        "moved": sum(each["moved"] for each in kinds),
        "claimed": claims.claimed,
        "no_shows": claims.no_shows,
        "cost": cost,
        "rentals_saved": saved,
        "cost_per_rental": round(cost / saved) if saved else None,
    }
