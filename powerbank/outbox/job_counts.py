"""How often each job ran, with which outcome and for how long: counted by each worker, summed up in PostgreSQL.

A worker serves no address that could be asked for metrics, and one that ends takes its counters along. So each adds
what it has counted to one table with every heartbeat, and `/metrics` of any web process tells it all. A worker that is
killed takes what it counted since its last heartbeat along.
"""

import threading
from bisect import bisect_left
from dataclasses import dataclass, field

from sqlalchemy import ARRAY, BigInteger, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, db

# Seconds up to which a run counts in each; the last bucket has no bound.
BOUNDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0)


class JobCount(Base):
    __tablename__ = "job_counts"

    job: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    seconds: Mapped[float] = mapped_column(server_default="0")
    buckets: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # runs by their time, one number for each of BOUNDS


@dataclass
class _Runs:
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))


_counted: dict[tuple[str, str], _Runs] = {}
_lock = threading.Lock()  # the worker counts, its pulse takes away

# Always in the same order, so that two workers at once wait for each other instead of one for the other.
_ADD = text("""
    INSERT INTO job_counts AS known (job, outcome, seconds, buckets) VALUES (:job, :outcome, :seconds, :buckets)
    ON CONFLICT (job, outcome) DO UPDATE
       SET seconds = known.seconds + excluded.seconds,
           buckets = ARRAY(SELECT coalesce(mine, 0) + coalesce(more, 0)
                             FROM unnest(known.buckets, excluded.buckets) WITH ORDINALITY AS each (mine, more, place)
                            ORDER BY place)
""")


def count_run(job: str, outcome: str, seconds: float) -> None:
    with _lock:
        runs = _counted.setdefault((job, outcome), _Runs())
        runs.seconds += seconds
        runs.buckets[bisect_left(BOUNDS, seconds)] += 1


def write_counts(engine: Engine) -> None:
    """Takes the engine, not the session: it is called from a thread beside the one that works."""
    with _lock:
        counted = dict(_counted)
        _counted.clear()
    rows = [
        {"job": job, "outcome": outcome, "seconds": runs.seconds, "buckets": runs.buckets}
        for (job, outcome), runs in sorted(counted.items())
    ]
    if not rows:
        return
    try:
        with engine.begin() as connection:
            connection.execute(_ADD, rows)
    except BaseException:
        _take_back(counted)
        raise


def _take_back(counted: dict[tuple[str, str], _Runs]) -> None:
    with _lock:
        for key, runs in counted.items():
            mine = _counted.setdefault(key, _Runs())
            mine.seconds += runs.seconds
            mine.buckets = [a + b for a, b in zip(mine.buckets, runs.buckets, strict=True)]


def read_counts() -> list[JobCount]:
    return list(db.session.scalars(select(JobCount).order_by(JobCount.job, JobCount.outcome)))
