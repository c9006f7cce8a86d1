"""The database as its superuser sees it."""

from typing import Any

import psycopg2

from scripts.stack.stack import Stack


def as_superuser(servers: Stack, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement outside any transaction, and return its rows."""
    assert servers.postgres is not None  # noqa: S101 (for the type checker)
    connection = psycopg2.connect(servers.postgres.superuser_url("powerbank"))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()
