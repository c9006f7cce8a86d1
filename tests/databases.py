"""What the tests' databases need to be made and emptied quickly."""

import os
import shutil
import subprocess
from contextlib import AbstractContextManager, closing
from pathlib import Path

import psycopg2
from psycopg2 import sql

from scripts.stack import EmbeddedPostgres, Stack, free_ports, temporary_data_folder

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"


MEMORY = "/dev/shm"  # noqa: S108
ENOUGH = 4 << 30


def data_folder() -> AbstractContextManager[Path]:
    """In memory, where there is room for all: a cluster is two thousand files, and each server of a test's own has one.
    Nothing here outlives the machine; whoever is killed leaves the same behind on a disk."""
    if Path(MEMORY).is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH:
        return temporary_data_folder(MEMORY)
    return temporary_data_folder()


def server_went_away(error: psycopg2.Error) -> bool:
    """No answer of it, or one that it is about to go. psycopg2 does not always call such a connection closed."""
    return error.pgcode is None or error.pgcode.startswith("57P")


def keep_cluster(postgres: EmbeddedPostgres) -> None:
    """Sets aside a copy of all that the server holds now: each server of a test's own begins with it, not with
    every migration."""
    kept = postgres.data_dir / "kept-cluster"
    postgres.stop()
    subprocess.run(["cp", "-a", str(postgres.place.cluster), str(kept)], check=True)
    postgres.start()
    os.environ["TEST_CLUSTER"] = str(kept)


def stack_in(folder: Path, **replaced_by: str) -> Stack:
    """Servers of a test's own, to be started, with that copy."""
    stack = Stack(folder, free_ports(), replaced_by=replaced_by)
    assert stack.postgres is not None
    stack.take()
    subprocess.run(["cp", "-a", os.environ["TEST_CLUSTER"], str(stack.postgres.place.cluster)], check=True)
    return stack


class Emptier:
    """Deletes every row. Of a hundred tables a test fills ten: asking is far cheaper than deleting nothing."""

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
