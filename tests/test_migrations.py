"""Migrations go up and down, and what they make is what the models say."""

import os
from collections.abc import Iterator

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, make_url

from config import load
from powerbank import create_app
from powerbank.base.db import Base
from tests.conftest import execute, superuser_url


@pytest.fixture
def empty_database(worker_id: str) -> Iterator[Flask]:
    """An application on a database without tables."""
    name = f"powerbank_migrations_{worker_id}"
    execute(superuser_url("postgres"), f"CREATE DATABASE {name} OWNER powerbank_owner")
    app_url, owner_url = (
        make_url(os.environ[variable]).set(database=name).render_as_string(hide_password=False)
        for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
    )
    yield create_app(load().model_copy(update={"database_url": app_url, "database_owner_url": owner_url}))
    execute(superuser_url("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def tables(app: Flask) -> set[str]:
    connection = psycopg2.connect(app.config["SETTINGS"].database_owner_url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {name for (name,) in cursor.fetchall()}
    connection.close()
    return found


def test_up_and_down_and_up_again(empty_database: Flask) -> None:
    with empty_database.app_context():
        upgrade()
        made = tables(empty_database)
        assert {"outbox_jobs", "audit_log", "content_revisions"} <= made
        downgrade(revision="base")
        assert tables(empty_database) == {"alembic_version"}
        upgrade()
        assert tables(empty_database) == made


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


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
@pytest.mark.parametrize("role", ["DATABASE_URL", "DATABASE_OWNER_URL"])
def test_the_audit_log_cannot_be_changed(environment: dict[str, str], role: str, statement: str) -> None:
    with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.RestrictViolation)):
        execute(environment[role], statement)


def test_the_applications_role_makes_no_tables(environment: dict[str, str]) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        execute(environment["DATABASE_URL"], "CREATE TABLE mine (id int)")
