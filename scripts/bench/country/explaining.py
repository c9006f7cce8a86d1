"""Say what the server does for each statement: the plans of a piece of work, with the rows and times of their parts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2.extensions
from sqlalchemy import Engine, event

READS = ("SELECT", "WITH")


@dataclass(frozen=True)
class Explained:
    statement: str
    milliseconds: float
    plan: str


@contextmanager
def explained(engine: Engine) -> Iterator[list[Explained]]:
    """Collect what is sent inside, with the plan of each read. It runs twice, the first time for its plan."""
    found: list[Explained] = []

    class Cursor(psycopg2.extensions.cursor):
        def execute(self, query: Any, parameters: Any = None) -> None:
            plan = ""
            if str(query).lstrip().upper().startswith(READS):
                plan = _explain(self.connection, str(query), parameters)
            began = time.perf_counter()
            super().execute(query, parameters)
            found.append(Explained(str(query), (time.perf_counter() - began) * 1000, plan))

    class Connection(psycopg2.extensions.connection):
        def cursor(self, *arguments: Any, **more: Any) -> Any:
            return super().cursor(*arguments, **{"cursor_factory": Cursor, **more})

    def connect(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        options["connection_factory"] = Connection

    event.listen(engine, "do_connect", connect)
    engine.dispose()
    try:
        yield found
    finally:
        event.remove(engine, "do_connect", connect)
        engine.dispose()


def _explain(connection: Any, query: str, parameters: Any) -> str:
    """Run it for its plan, and take back what it did."""
    alone = connection.autocommit
    with psycopg2.extensions.connection.cursor(connection) as cursor:
        cursor.execute("BEGIN" if alone else "SAVEPOINT explained")
        try:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {query}", parameters)
            return "\n".join(row[0] for row in cursor.fetchall())
        except psycopg2.Error as error:
            return str(error)
        finally:
            cursor.execute("ROLLBACK" if alone else "ROLLBACK TO SAVEPOINT explained")
