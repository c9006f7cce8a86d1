"""Counts of jobs: how often each ran, with which outcome and for how long. Workers count, and PostgreSQL sums up.

A worker serves no address that could be asked for metrics, and its counters end with it. So each worker adds its counts
to one table with every heartbeat, and `/metrics` of any web process shows the sums. The counts since its last heartbeat
are lost with a worker that is killed.
"""

import threading
from bisect import bisect_left
from dataclasses import dataclass, field

from sqlalchemy import ARRAY, BigInteger, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, db

# The seconds up to which a run counts in each bucket; the last bucket has no bound.
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
_lock = threading.Lock()  # the worker counts, and its pulse takes the counts away

# Rows are added in one order, so that two workers at once cannot each wait for the other.
_ADD = text("""
    INSERT INTO job_counts AS known (job, outcome, seconds, buckets) VALUES (:job, :outcome, :seconds, :buckets)
    ON CONFLICT (job, outcome) DO UPDATE
       SET seconds = known.seconds + excluded.seconds,
           buckets = ARRAY(SELECT coalesce(mine, 0) + coalesce(more, 0)
                             FROM unnest(known.buckets, excluded.buckets) WITH ORDINALITY AS each (mine, more, place)
                            ORDER BY place)
""")


def count_run(job: str, outcome: str, seconds: float) -> None:
    """Count one run of a job."""
    with _lock:
        runs = _counted.setdefault((job, outcome), _Runs())
        runs.seconds += seconds
        runs.buckets[bisect_left(BOUNDS, seconds)] += 1


def write_counts(engine: Engine) -> None:
    """Add the counts to the table. A thread beside the one that works calls this, so it takes the engine, not the
    session."""
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
