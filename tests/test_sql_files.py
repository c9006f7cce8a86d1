"""The files in `powerbank/sql` are the functions, aggregates, triggers and views of a database after all migrations."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2.extensions
import pytest

FOLDER = Path(__file__).parents[1] / "powerbank" / "sql"
FILES = sorted(FOLDER.glob("*.sql"))

# The functions that a range type brings belong to the type.
FUNCTIONS = """
    SELECT oid::regprocedure::text, pg_get_functiondef(oid) FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace AND prokind <> 'a'
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid
                                               AND deptype IN ('i', 'e'))"""
AGGREGATES = """
    SELECT aggregate.aggfnoid::regprocedure::text, concat(to_jsonb(aggregate), proparallel)
      FROM pg_aggregate AS aggregate JOIN pg_proc ON pg_proc.oid = aggregate.aggfnoid
     WHERE pronamespace = 'public'::regnamespace"""
VIEWS = """
    SELECT oid::regclass::text, pg_get_viewdef(oid) || coalesce(reloptions::text, '') FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"""
TRIGGERS = """
    SELECT tgname || ' on ' || tgrelid::regclass, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"""


@pytest.fixture
def owner(environment: dict[str, str]) -> Iterator[psycopg2.extensions.cursor]:
    """Open a transaction of the owner of the tables, which is rolled back."""
    with closing(psycopg2.connect(environment["DATABASE_OWNER_URL"])) as connection, connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '10s'")
        yield cursor
        connection.rollback()


def code_in_database(cursor: psycopg2.extensions.cursor) -> dict[str, str]:
    """Return the definition of each function, aggregate, view and trigger, as the database writes it."""
    found: dict[str, str] = {}
    for query in (FUNCTIONS, AGGREGATES, VIEWS, TRIGGERS):
        cursor.execute(query)
        found |= dict(cursor.fetchall())
    return found


def drop_all(cursor: psycopg2.extensions.cursor) -> None:
    """Drop each function, with the triggers that run it, and each view."""
    for kind, query in (("VIEW", VIEWS), ("AGGREGATE", AGGREGATES), ("FUNCTION", FUNCTIONS)):
        cursor.execute(query)
        for name, _definition in cursor.fetchall():
            cursor.execute(f"DROP {kind} {name} CASCADE")
    assert code_in_database(cursor) == {}


def test_the_database_has_what_the_files_say_and_nothing_else(owner: psycopg2.extensions.cursor) -> None:
    migrated = code_in_database(owner)
    drop_all(owner)
    for file in FILES:
        owner.execute(file.read_text())
    from_files = code_in_database(owner)
    differ = sorted(name for name in {*migrated, *from_files} if migrated.get(name) != from_files.get(name))
    assert differ == [], "a file and the migrations differ; CONTRIBUTING.md says how a function is changed"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_says_what_it_is_for_and_has_one_object_of_its_own_name(file: Path) -> None:
    written = file.read_text()
    assert written.startswith("-- ")
    made = re.findall(r"^CREATE OR REPLACE (?:FUNCTION|AGGREGATE|VIEW) (\w+)", written, re.MULTILINE)
    assert made == [file.stem]
    assert set(re.findall(r"EXECUTE FUNCTION (\w+)", written)) <= {file.stem}


def test_the_folder_holds_only_sql_files_and_a_readme() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {file.name for file in FILES} | {"README.md"}
