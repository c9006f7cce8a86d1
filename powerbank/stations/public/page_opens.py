"""Count how often the page behind a station's code is opened, by the hour."""

from datetime import datetime

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from powerbank.base.clock import HOME
from powerbank.base.database_errors import describe_for_log
from powerbank.base.db import db

log = structlog.get_logger(__name__)

_COUNT = text("""
    INSERT INTO station_page_opens AS counted (station_id, hour, opens)
    SELECT id, date_trunc('hour', CAST(:now AS timestamptz), :home), 1 FROM stations WHERE sn = :sn AND active
        ON CONFLICT (station_id, hour) DO UPDATE SET opens = counted.opens + 1
""")


def count_page_open(sn: str, *, now: datetime) -> None:
    """Count one opening in a transaction of its own, before anything else is read.

    If the database is away for it alone, the page is shown all the same.
    """
    try:
        with db.engine.begin() as connection:
            connection.execute(_COUNT, {"sn": sn, "now": now, "home": HOME.key})
    except DBAPIError as error:
        log.warning("an opened page was not counted", **describe_for_log(error))
