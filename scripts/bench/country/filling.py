"""Fill a database by parts, so that a run that was killed goes on where it was.

Each step of a part is one transaction: its rows, and the number at which the part goes on. Triggers and foreign keys do
not run, which would take a day; that the data is as the product would have left it is checked afterwards.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg2

from scripts.bench.country.numbers import SQL, Size

_NOTES = """
    CREATE SCHEMA IF NOT EXISTS bench;
    CREATE TABLE IF NOT EXISTS bench.country (scale double precision NOT NULL, until timestamptz NOT NULL);
    CREATE TABLE IF NOT EXISTS bench.parts (name text PRIMARY KEY, next bigint NOT NULL, seconds double precision);
    CREATE TABLE IF NOT EXISTS bench.indexes (name text PRIMARY KEY, definition text NOT NULL)
"""
# Only those that no constraint needs; the catalogue says how each is made again.
_LOOSE_INDEXES = """
    SELECT made.indexname, made.indexdef
      FROM pg_indexes AS made
      JOIN pg_class AS c ON c.relname = made.indexname JOIN pg_index AS i ON i.indexrelid = c.oid
     WHERE made.schemaname = 'public' AND made.tablename = ANY (%s) AND NOT i.indisunique
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""
# Foreign keys that data violates, were they checked now.
_FOREIGN_KEYS = """
    SELECT conname, conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY conname
"""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """Rows of one table or several, made from the numbers `first` up to but not including `last`."""

    name: str  # of its file in `sql/`, which says %(first)s and %(last)s
    count: Callable[[Size], int]
    begins_with: str = ""  # a file that makes what the part reads
    step: int = 100_000
    tables: tuple[str, ...] = ()  # whose indexes are made only after all parts, as they grow much

    def read_statements(self) -> str:
        names = [name for name in (self.begins_with, self.name) if name]
        return "".join((SQL / f"{name}.sql").read_text() for name in names)


def fill(url: str, size: Size, parts: Sequence[Part], *, now: datetime, tell: Tell = print) -> datetime:
    """Make what is missing of a country, and return the moment at which it ends."""
    connection = psycopg2.connect(url)
    try:
        until = _begin(connection, size, now)
        _drop_indexes(connection, sorted({table for part in parts for table in part.tables}))
        for part in parts:
            _make_part(connection, part, part.count(size), tell)
        _make_indexes(connection, tell)
        connection.commit()
    finally:
        connection.close()
    return until


def _begin(connection: "psycopg2.extensions.connection", size: Size, now: datetime) -> datetime:
    with connection, connection.cursor() as cursor:
        cursor.execute(_NOTES)
        cursor.execute("SELECT scale, until FROM bench.country")
        there = cursor.fetchone()
        if there is not None and there[0] != size.scale:
            raise SystemExit(f"This database holds a country of scale {there[0]}, not {size.scale}.")
        until: datetime = there[1] if there else now
        if there is None:
            cursor.execute("INSERT INTO bench.country VALUES (%s, %s)", (size.scale, until))
        cursor.execute(size.functions(until))
    return until


def _make_part(connection: "psycopg2.extensions.connection", part: Part, count: int, tell: Tell) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT next FROM bench.parts WHERE name = %s", (part.name,))
        row = cursor.fetchone()
    first = row[0] if row else 0
    if row and first >= count:
        return
    began, statements = time.monotonic(), part.read_statements()
    while first < count or not row:
        last = min(first + part.step, count)
        with connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica; SET LOCAL synchronous_commit = off")
            cursor.execute(statements, {"first": first, "last": last})
            cursor.execute(
                """INSERT INTO bench.parts VALUES (%s, %s, %s) ON CONFLICT (name) DO UPDATE
                      SET next = excluded.next, seconds = excluded.seconds""",
                (part.name, last, time.monotonic() - began),
            )
        first, row = last, (last,)
        if last < count:
            tell(f"{part.name}: {last:,} of {count:,} after {time.monotonic() - began:,.0f} s")
    tell(f"{part.name}: {count:,} in {time.monotonic() - began:,.1f} s")


def _drop_indexes(connection: "psycopg2.extensions.connection", tables: list[str]) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bench.parts")
        [(begun,)] = cursor.fetchall()
        if begun:
            return
        cursor.execute(_LOOSE_INDEXES, (tables,))
        for name, definition in cursor.fetchall():
            cursor.execute("INSERT INTO bench.indexes VALUES (%s, %s)", (name, definition))
            cursor.execute(f'DROP INDEX public."{name}"')


def _make_indexes(connection: "psycopg2.extensions.connection", tell: Tell) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT name, definition FROM bench.indexes ORDER BY name")
        missing = cursor.fetchall()
    for name, definition in missing:
        began = time.monotonic()
        with connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
            cursor.execute(definition)
            cursor.execute("DELETE FROM bench.indexes WHERE name = %s", (name,))
        tell(f"index {name}: {time.monotonic() - began:,.1f} s")


def list_broken_foreign_keys(url: str) -> list[str]:
    """Check each foreign key against all rows, which were made without. Return the ones that do not hold."""
    connection = psycopg2.connect(url)
    broken = []
    try:
        with connection.cursor() as cursor:
            cursor.execute(_FOREIGN_KEYS)
            for name, table, definition in cursor.fetchall():
                check = f'ALTER TABLE {table} DROP CONSTRAINT "{name}", ADD CONSTRAINT "{name}" {definition}'
                cursor.execute("SAVEPOINT looked")
                try:
                    cursor.execute(check)
                except psycopg2.errors.ForeignKeyViolation as violation:
                    broken.append(f"{name}: {str(violation).splitlines()[-1]}")
                cursor.execute("ROLLBACK TO SAVEPOINT looked")
    finally:
        connection.rollback()
        connection.close()
    return broken
