"""Count the rows that the server reads of each table: what a piece of work costs, whatever else the machine does."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg2
from sqlalchemy import Engine, event

# Entries of indexes too: an index-only scan fetches no row.
_COUNTS = """
    SELECT relname, seq_tup_read, idx.read
      FROM pg_stat_user_tables AS t
      LEFT JOIN LATERAL (SELECT sum(i.idx_tup_read)::bigint AS read FROM pg_stat_user_indexes AS i
                          WHERE i.relid = t.relid) AS idx ON true
     WHERE schemaname = 'public'
"""

Answer = TypeVar("Answer")


@dataclass
class RowsRead:
    """By table: rows of sequential scans, and all that were read."""

    scanned: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)


class Meter:
    """Sees the server's counters. Sessions tell them only now and then, so each is asked to tell them at once."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._sessions: list[Any] = []
        self._beside = psycopg2.connect(url)
        self._beside.autocommit = True
        event.listen(engine, "connect", lambda connection, _: self._sessions.append(connection))
        engine.dispose()

    def close(self) -> None:
        self._beside.close()

    def read_during(self, act: Callable[[], Answer]) -> tuple[RowsRead, Answer]:
        before = self._count()
        answer = act()
        after = self._count()
        found = RowsRead()
        for table, (scanned, by_index) in after.items():
            old_scanned, old_by_index = before.get(table, (0, 0))
            found.scanned[table] = scanned - old_scanned
            found.read[table] = scanned - old_scanned + by_index - old_by_index
        return RowsRead(+found.scanned, +found.read), answer

    def _count(self) -> dict[str, tuple[int, int]]:
        self._sessions = [connection for connection in self._sessions if not connection.closed]
        for connection in self._sessions:
            with outside_transactions(connection), connection.cursor() as cursor:
                cursor.execute("SELECT pg_stat_force_next_flush()")
        with self._beside.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(_COUNTS)
            return {table: (scanned or 0, read or 0) for table, scanned, read in cursor.fetchall()}


@contextmanager
def outside_transactions(connection: Any) -> Iterator[None]:
    """Give a connection of the pool that nobody works with now."""
    connection.rollback()
    before, connection.autocommit = connection.autocommit, True
    try:
        yield
    finally:
        connection.autocommit = before
