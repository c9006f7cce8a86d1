"""What every part of the stack has used so far: processor time, statements, rows, round trips, log bytes.

A program's processor time does not grow while it waits for a processor, so other load on the machine changes it little.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil
import psycopg2
import redis

from scripts.bench.shared import costs
from scripts.stack.stack import Stack

# A backend that waits for its client hands in its statistics after ten seconds.
STATISTICS_ARE_LATE = 11.0

_BACKENDS = (
    "SELECT pid, coalesce(nullif(application_name, ''), 'others') FROM pg_stat_activity WHERE datname = 'powerbank'"
)
_DATABASE = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'powerbank'"
_TABLES = """
    SELECT relname, n_tup_ins, n_tup_upd, n_tup_del, n_tup_hot_upd FROM pg_stat_user_tables WHERE schemaname = 'public'
"""
_INDEXES = "SELECT relname, indexrelname, idx_scan FROM pg_stat_user_indexes WHERE schemaname = 'public'"


@dataclass
class Counters:
    """The counters at one moment. The statistics of tables are read some seconds later than the rest."""

    at: float
    seconds: dict[str, float]  # processor time by program
    backends: dict[str, float]  # processor time of the backends by the program that they serve
    wal_bytes: int
    wal_images: int
    redis_reads: int
    redis_commands: dict[str, int]
    statistics_at: float = 0.0
    transactions: int = 0
    tables: dict[str, dict[str, int]] = field(default_factory=dict)
    indexes: dict[str, int] = field(default_factory=dict)


def read(servers: Stack, programs: Mapping[str, int]) -> Counters:
    """Read all counters; this takes the time that the statistics need to arrive."""
    assert servers.postgres is not None  # noqa: S101 (for the type checker)
    database = psycopg2.connect(servers.postgres.superuser_url("powerbank"))
    database.autocommit = True
    try:
        with database.cursor() as cursor:
            cursor.execute(_BACKENDS)
            backends: dict[str, float] = {}
            for pid, name in cursor.fetchall():
                backends[name] = backends.get(name, 0.0) + _own_time(pid)
            cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
            wal_bytes = int(cursor.fetchall()[0][0])
            info = redis.Redis.from_url(servers.environment()["REDIS_URL"])
            reads = int(info.info("stats")["total_reads_processed"])
            commands = {
                name.removeprefix("cmdstat_"): each["calls"] for name, each in info.info("commandstats").items()
            }
            found = Counters(
                at=time.monotonic(),
                seconds=costs.so_far(programs),
                backends=backends,
                wal_bytes=wal_bytes,
                wal_images=0,
                redis_reads=reads,
                redis_commands=commands,
            )
            time.sleep(STATISTICS_ARE_LATE)
            found.statistics_at = time.monotonic()
            cursor.execute(_DATABASE)
            found.transactions = int(cursor.fetchall()[0][0])
            cursor.execute("SELECT wal_fpi FROM pg_stat_wal")
            found.wal_images = int(cursor.fetchall()[0][0])
            cursor.execute(_TABLES)
            names = ("inserted", "updated", "deleted", "updated_in_place")
            found.tables = {row[0]: dict(zip(names, row[1:], strict=True)) for row in cursor.fetchall()}
            cursor.execute(_INDEXES)
            found.indexes = {f"{table}.{index}": scans for table, index, scans in cursor.fetchall()}
    finally:
        database.close()
    return found


def _own_time(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
