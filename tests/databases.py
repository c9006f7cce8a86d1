"""The servers of a run of tests, and databases that are made and emptied quickly."""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg2
from psycopg2 import sql

from scripts.stack.errors import StackError
from scripts.stack.ports import free_ports
from scripts.stack.servers.placement import remove, temporary_data_folder
from scripts.stack.servers.postgres import EmbeddedPostgres
from scripts.stack.stack import Stack
from tests import sample_jobs

TEMPLATE = "powerbank"
GRANT_EFFECTS = "GRANT ALL ON test_effects, test_effects_id_seq TO powerbank_app"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"


MEMORY = "/dev/shm"  # noqa: S108
ENOUGH = 4 << 30


@contextmanager
def data_folder() -> Iterator[Path]:
    """Make a folder for servers, in memory where there is room: a cluster is two thousand files. Nothing of it has to
    outlive the machine."""
    in_memory = Path(MEMORY).is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH
    below = temporary_data_folder(MEMORY) if in_memory else temporary_data_folder()
    with below as folder, in_use(folder):
        yield folder


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Hold a folder as long as this process lives. Fail if another process holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def forget_killed_runs() -> None:
    """Stop and remove what killed runs left behind: it takes up memory, and some of it still runs."""
    for folder in Path(MEMORY).glob("powerbank-*/"):
        with suppress(OSError, StackError), in_use(folder):
            if time.time() - folder.stat().st_mtime > 60:  # else somebody has just made it, to use it next
                stack = Stack(folder, free_ports(), replaced_by={})
                stack.take()
                stack.stop()
                remove(folder)
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def servers_of_this_run() -> Iterator[None]:
    """Run PostgreSQL, migrated, and Redis for all tests of this run, and tell every process of it where they are."""
    with data_folder() as folder, Stack(folder, free_ports(), replaced_by={}) as stack:
        assert stack.postgres is not None
        assert stack.redis is not None
        os.environ.update(
            {
                "POWERBANK_ENV": "test",
                "TEST_SUPERUSER_URL": stack.postgres.superuser_url("{}"),
                "TEST_REDIS_PORT": str(stack.ports.redis),
                "DATABASE_URL": stack.postgres.app_url(TEMPLATE),
                "DATABASE_OWNER_URL": stack.postgres.owner_url(TEMPLATE),
                "LOG_LEVEL": "WARNING",
                "JWT_SECRET_KEY": "for tests only, " * 5,
            }
        )
        migrate()
        execute(os.environ["DATABASE_OWNER_URL"], sample_jobs.EFFECTS_TABLE, GRANT_EFFECTS)
        keep_cluster(stack.postgres)
        # No test kills this server. The servers that tests kill are their own, and those wait for their disks.
        execute(stack.postgres.superuser_url(), "ALTER SYSTEM SET synchronous_commit = off", "SELECT pg_reload_conf()")
        yield


def server_went_away(error: psycopg2.Error) -> bool:
    """Say whether a server did not answer, or answered that it goes. psycopg2 does not always call that closed."""
    return error.pgcode is None or error.pgcode.startswith("57P")


def keep_cluster(postgres: EmbeddedPostgres) -> None:
    """Set aside a copy of what the server holds now. A test's own server begins with it, and need not migrate."""
    kept = postgres.data_dir / "kept-cluster"
    postgres.stop()
    subprocess.run(["cp", "-a", str(postgres.place.cluster), str(kept)], check=True)
    postgres.start()
    os.environ["TEST_CLUSTER"] = str(kept)


def stack_in(folder: Path, **replaced_by: str) -> Stack:
    """Make servers for one test, not started yet, which begin with that copy."""
    stack = Stack(folder, free_ports(), replaced_by=replaced_by)
    assert stack.postgres is not None
    stack.take()
    subprocess.run(["cp", "-a", os.environ["TEST_CLUSTER"], str(stack.postgres.place.cluster)], check=True)
    return stack


class Emptier:
    """Deletes every row. A test fills ten of a hundred tables: asking which is cheaper than deleting nothing."""

    def __init__(self, superuser_url: str) -> None:
        self._connection = psycopg2.connect(superuser_url)
        self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")  # no trigger, no foreign key
            cursor.execute(TABLES)
            filled = [
                sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table), sql.Identifier(table))
                for (table,) in cursor.fetchall()
            ]
            cursor.execute(sql.SQL("PREPARE filled AS ") + sql.SQL(" UNION ALL ").join(filled))

    def filled(self) -> list[str]:
        with self._connection.cursor() as cursor:
            cursor.execute("EXECUTE filled")
            return [table for (table,) in cursor.fetchall()]

    def empty(self) -> None:
        if tables := [sql.Identifier(table) for table in self.filled()]:
            with self._connection.cursor() as cursor:
                cursor.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(table) for table in tables))

    def close(self) -> None:
        self._connection.close()


def empty(superuser_url: str) -> None:
    with closing(Emptier(superuser_url)) as emptier:
        emptier.empty()


def migrate() -> None:
    from flask_migrate import upgrade

    from powerbank import create_app

    app = create_app()
    with app.app_context():
        upgrade()


def superuser_url(database: str) -> str:
    return os.environ["TEST_SUPERUSER_URL"].replace("%7B%7D", database)


def execute(url: str, *statements: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()
