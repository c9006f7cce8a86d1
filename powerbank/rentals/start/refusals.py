"""Keep the starts that were refused: what the network could not sell, to whom and why.

A refusal rolls its transaction back, so its row is written after that, by one statement of its own. A start that
succeeds pays nothing. A start that was not admitted, because the system is too slow, must not make it slower: such rows
wait in the process and go out together, twice a second.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from powerbank.base.clock import HOME
from powerbank.base.database_errors import describe_for_log
from powerbank.base.db import db, first_id_of, new_id, open_session
from powerbank.base.errors import AppError

log = structlog.get_logger(__name__)

KEEP = timedelta(days=90)  # then only the sums of each day stay

Row = dict[str, Any]

# A rental that is paid afterwards brings at least its first unit.
_WRITE = text("""
    INSERT INTO refused_starts (id, at, user_id, station_sn, reason, value)
    VALUES (:id, :at, CAST(:user_id AS uuid), :station_sn, :reason,
            coalesce((SELECT coalesce(nullif(price, 0), unit_price) FROM packages
                       WHERE id = CAST(:package_id AS uuid)), 0))
""")
_SUM_UP = text("""
    WITH gone AS (
        DELETE FROM refused_starts WHERE id < CAST(:before AS uuid)
        RETURNING (at AT TIME ZONE :home)::date AS day, station_sn, reason, value)
    INSERT INTO refused_starts_of_days AS kept (day, station_sn, reason, starts, value)
    SELECT day, station_sn, reason, count(*), sum(value) FROM gone GROUP BY day, station_sn, reason
        ON CONFLICT (day, station_sn, reason)
        DO UPDATE SET starts = kept.starts + excluded.starts, value = kept.value + excluded.value
""")


def is_refusal(error: AppError) -> bool:
    """Tell whether somebody who wanted a power bank was refused. A request that is wrong in itself is no such wish."""
    return error.status not in (400, 422) and error.code != "idempotency_conflict"


def describe_refusal(error: AppError, *, user_id: UUID, station_sn: str, package_id: UUID, now: datetime) -> Row:
    return {
        "id": str(new_id()),
        "at": now,
        "user_id": str(user_id),
        "station_sn": station_sn,
        "package_id": str(package_id),
        "reason": error.code,
    }


def write_refusals(rows: Sequence[Row]) -> None:
    """Write refused starts in a transaction of their own.

    If the database is away they are lost, with a word in the log: the person is answered all the same.
    """
    try:
        with db.engine.begin() as connection:
            connection.execute(_WRITE, list(rows))
    except DBAPIError as error:
        log.warning("refused starts were not kept", number=len(rows), **describe_for_log(error))


def sum_up_old_refusals(now: datetime) -> None:
    """Delete the refused starts that are old enough, and keep their sums of each day."""
    open_session().execute(_SUM_UP, {"before": str(first_id_of(now, -KEEP)), "home": HOME.key})
