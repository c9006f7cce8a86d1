"""What there is at this moment, and what there was at this hour of this weekday a week ago.

Each count reads an index that holds open rows only, so it costs as much as there is open, whatever has ended.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import db, open_session
from powerbank.ops.now.models import HourlyStock

KEEP = timedelta(days=400)  # so that a year can be compared with the one before
WEEK = timedelta(days=7)
NEAR = timedelta(minutes=90)  # an hour that was missed is compared with its neighbour

_COUNT = text("""
    SELECT (SELECT count(*) FROM rentals WHERE status IN ('pending', 'ejecting', 'active', 'overdue', 'unresolved')),
           (SELECT count(*) FROM rentals WHERE status = 'overdue'),
           (SELECT count(*) FROM custody WHERE upper_inf(period) AND place = 'user'),
           (SELECT count(*) FROM station_live WHERE active AND NOT online AND NOT maintenance),
           (SELECT coalesce(sum(amount - paid - waived), 0) FROM ledger_dues WHERE status = 'open')
""")


@dataclass(frozen=True)
class Stocks:
    open_rentals: int
    overdue_rentals: int
    banks_out: int
    stations_away: int
    dues: int


def count_stocks() -> Stocks:
    return Stocks(*map(int, db.session.execute(_COUNT).one()))


def find_stocks_of_last_week(now: datetime) -> Stocks | None:
    """Find what there was a week ago. None: nobody counted then."""
    query = select(HourlyStock).where(HourlyStock.at <= now - WEEK, HourlyStock.at > now - WEEK - NEAR)
    found = db.session.scalar(query.order_by(HourlyStock.at.desc()).limit(1))
    return None if found is None else Stocks(**{name: getattr(found, name) for name in Stocks.__dataclass_fields__})


def record_stocks(now: datetime) -> None:
    """Write down what there is at this hour. The first count of an hour stays."""
    session = open_session()
    hour = now.replace(minute=0, second=0, microsecond=0)
    session.execute(insert(HourlyStock).values(at=hour, **asdict(count_stocks())).on_conflict_do_nothing())
    session.execute(delete(HourlyStock).where(HourlyStock.at < now - KEEP))
