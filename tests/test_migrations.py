"""Migrations go up and down, what they make is what the models say, and the application's role may change rows only."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from subprocess import PIPE, STDOUT

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import URL, create_engine, make_url

from config import load
from powerbank import create_app
from powerbank.base.db import MADE_BEFORE_THIS_LINE, Base, is_of_first_line
from powerbank.ops.readiness import AT_HEAD, read_database_state
from tests.databases import execute, superuser_url

ROOT = Path(__file__).parents[1]
LONGEST_REVISION = 32  # what the column of `alembic_version` takes

# This lists the kind and the name of all that migrations make in the schema. The type of a table and the functions of a
# range come and go with them.
OBJECTS = """
    SELECT relkind::text, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
     UNION SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     UNION SELECT 'type', typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype <> 'c'
     UNION SELECT 'constraint', conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
     UNION SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal"""

# This lists the tables that `refuse_change` guards, and whether it refuses updates of their rows too (16 is the bit of
# an update).
GUARDED = """
    SELECT tgrelid::regclass::text, tgtype & 16 > 0 FROM pg_trigger
     WHERE tgfoid = 'refuse_change'::regproc"""

# A model can say all of this about its table.
COLUMNS = """
    SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull, attgenerated::text,
           pg_get_expr(adbin, adrelid)
      FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid AND relnamespace = 'public'::regnamespace
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND contype <> 't'"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
OPTIONS = """
    SELECT relname, reloptions::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"""
NOT_OF_MODELS = ("alembic_version", "test_effects")

DEPLOYMENT = """
from flask_migrate import upgrade
from powerbank import create_app, startup

app = create_app(routes=False)
startup.init_migrations(app)
with app.app_context():
    upgrade()
"""


@pytest.fixture
def empty_database(worker_id: str) -> Iterator[Flask]:
    """Give an application on a database without tables."""
    name = f"powerbank_migrations_{worker_id}"
    execute(superuser_url("postgres"), f"CREATE DATABASE {name} OWNER powerbank_owner")
    app_url, owner_url = (
        make_url(os.environ[variable]).set(database=name).render_as_string(hide_password=False)
        for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
    )
    yield create_app(load().model_copy(update={"database_url": app_url, "database_owner_url": owner_url}))
    execute(superuser_url("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def rows(url: str, query: str) -> set[tuple[str, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return set(cursor.fetchall())


def objects(app: Flask) -> set[tuple[str, ...]]:
    return rows(app.config["SETTINGS"].database_owner_url, OBJECTS)


def test_up_and_down_and_up_again(empty_database: Flask) -> None:
    with empty_database.app_context():
        upgrade()
        made = objects(empty_database)
        assert {("r", "outbox_jobs"), ("v", "rentable_banks"), ("function", "refuse_change")} <= made
        downgrade(revision="base")
        assert {name for _kind, name in objects(empty_database) if "alembic_version" not in name} == set()
        upgrade()
        assert objects(empty_database) == made


def test_two_deployments_at_once_migrate_once(empty_database: Flask) -> None:
    """The second one waits, and finds nothing to do."""
    settings = empty_database.config["SETTINGS"]
    urls = {"DATABASE_URL": settings.database_url, "DATABASE_OWNER_URL": settings.database_owner_url}
    environment = {**os.environ, **urls, "LOG_LEVEL": "INFO"}
    command = [sys.executable, "-c", DEPLOYMENT]
    deployments = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=PIPE, stderr=STDOUT, text=True) for _ in range(2)
    ]
    said = [deployment.communicate()[0] for deployment in deployments]
    assert [deployment.returncode for deployment in deployments] == [0, 0], said
    assert sorted("Running upgrade" in each for each in said) == [False, True]
    with empty_database.app_context():
        assert read_database_state() == AT_HEAD


def test_models_and_migrations_agree(app: Flask) -> None:
    engine = create_engine(app.config["SETTINGS"].sqlalchemy_owner_url)
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, kind, _parents: not (kind == "table" and name == "test_effects"),
    }
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata) == []
    engine.dispose()


def test_revisions_are_one_line_of_numbers_with_names() -> None:
    scripts = list(ScriptDirectory(str(ROOT / "migrations")).walk_revisions("base", "heads"))
    revisions = [script.revision for script in reversed(scripts)]
    assert [int(revision[:4]) for revision in revisions] == list(range(1, len(revisions) + 1))
    for script in scripts:
        assert re.fullmatch(r"\d{4}(_[a-z0-9]+)+", script.revision)
        assert not is_of_first_line(script.revision)
        assert len(script.revision) <= LONGEST_REVISION
        assert Path(script.path).stem == script.revision
        assert script.doc.endswith(".")


@pytest.mark.parametrize("query", [COLUMNS, CONSTRAINTS, INDEXES, OPTIONS])
def test_models_say_of_tables_all_that_migrations_make(app: Flask, empty_database: Flask, query: str) -> None:
    """Alembic compares neither checks nor exclusions, nor how a table is stored."""
    migrated = app.config["SETTINGS"].database_owner_url
    modelled = empty_database.config["SETTINGS"].database_owner_url
    execute(modelled, "CREATE TYPE uuidrange AS RANGE (subtype = uuid)")
    engine = create_engine(empty_database.config["SETTINGS"].sqlalchemy_owner_url)
    Base.metadata.create_all(engine)
    engine.dispose()
    assert {row for row in rows(migrated, query) if row[0] not in NOT_OF_MODELS} == rows(modelled, query)


@pytest.mark.parametrize("revision", ["0009", "0010_commands", "0033d"])
def test_a_database_of_the_first_line_is_told_what_to_do(
    empty_database: Flask, revision: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is neither taken for a newer one nor migrated."""
    with empty_database.app_context():
        upgrade()
        before = objects(empty_database)
        owner_url = empty_database.config["SETTINGS"].database_owner_url
        execute(owner_url, f"UPDATE alembic_version SET version_num = '{revision}'")
        assert read_database_state() == MADE_BEFORE_THIS_LINE
        with pytest.raises(SystemExit):
            upgrade()
        assert f"made before version 0.9.0 (its revision is {revision})" in caplog.text
        assert "--fresh" in caplog.text
        assert objects(empty_database) == before


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
@pytest.mark.parametrize("role", ["DATABASE_URL", "DATABASE_OWNER_URL"])
def test_the_audit_log_cannot_be_changed(environment: dict[str, str], role: str, statement: str) -> None:
    with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.RestrictViolation)):
        execute(environment[role], statement)


def test_the_applications_role_has_no_right_that_a_trigger_refuses(environment: dict[str, str]) -> None:
    guarded = rows(environment["DATABASE_URL"], GUARDED)
    assert {("audit_log", True), ("rental_events", True), ("custody", False)} <= guarded
    for table, refuses_updates in guarded:
        rights = {"SELECT", "INSERT"} | (set() if refuses_updates or table == "ledger_accounts" else {"UPDATE"})
        assert rights_on(table, environment["DATABASE_URL"]) == rights, table


def rights_on(table: str, url: str) -> set[str]:
    query = """
        SELECT privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
         WHERE has_table_privilege(current_user, '{}', privilege)"""
    return {right for (right,) in rows(url, query.format(table))}


def named_in_the_query(url: str, _monkeypatch: pytest.MonkeyPatch) -> str:
    parts = make_url(url)
    query = {"user": str(parts.username), "password": str(parts.password)}
    return without_role(url).update_query_dict(query).render_as_string(hide_password=False)


def named_by_variables(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    parts = make_url(url)
    monkeypatch.setenv("PGUSER", str(parts.username))
    monkeypatch.setenv("PGPASSWORD", str(parts.password))
    return without_role(url).render_as_string(hide_password=False)


def without_role(url: str) -> URL:
    return URL.create(**make_url(url)._asdict() | {"username": None, "password": None})


@pytest.mark.parametrize("named", [named_in_the_query, named_by_variables])
def test_the_applications_role_gets_its_rights_however_it_is_named(
    empty_database: Flask,
    monkeypatch: pytest.MonkeyPatch,
    named: Callable[[str, pytest.MonkeyPatch], str],
) -> None:
    settings = empty_database.config["SETTINGS"]
    address = named(settings.database_url, monkeypatch)
    with create_app(settings.model_copy(update={"database_url": address})).app_context():
        upgrade()
    assert rights_on("users", address) == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert rights_on("audit_log", address) == {"SELECT", "INSERT"}


def test_the_applications_role_makes_no_tables(environment: dict[str, str]) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        execute(environment["DATABASE_URL"], "CREATE TABLE mine (id int)")
