"""The embedded PostgreSQL keeps what was committed, whatever happens to it."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import errors

from scripts.stack.errors import StackError
from scripts.stack.servers import placement
from scripts.stack.servers.postgres import KEEPS_VALUES_OUT_OF_THE_LOG, EmbeddedPostgres
from tests.databases import data_folder
from tests.nursery import wait_until

pytestmark = pytest.mark.faults

AS_ROOT = os.geteuid() == 0


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedPostgres]:
    with data_folder() as folder:
        yield EmbeddedPostgres(folder)


@pytest.fixture
def postgres(shared: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """One cluster for all tests that leave it whole."""
    shared.start()
    yield shared
    shared.stop()


CANARY = "sita.canary@example.com"
FAILING = [
    "INSERT INTO people VALUES ('{}')",
    "INSERT INTO people VALUES ('{}x'), (NULL)",
    "SELECT '{}'::uuid",
    "SELECT length('{}') FROM nowhere",
    "DO $$ BEGIN PERFORM 1 / (length('{}') - length('{}')); END $$",
    "DO $$ BEGIN RAISE WARNING '{}'; RAISE EXCEPTION '{}'; END $$",
    "SELECT pg_sleep(9), '{}'",
]


def test_its_log_keeps_nothing_of_what_people_typed(postgres: EmbeddedPostgres) -> None:
    """An error quotes the row and the statement, unless it is told not to; so does the end of a killed process."""
    url = postgres.owner_url()
    execute(url, "CREATE TABLE people (email text PRIMARY KEY)")
    execute(url, f"INSERT INTO people VALUES ('{CANARY}')")
    before = len(postgres.log.read_text())
    for statement in FAILING:
        with pytest.raises(psycopg2.Error) as refused:
            execute(url, "SET statement_timeout = 100; " + statement.replace("{}", CANARY))
        assert refused.value.pgcode
    with contextlib.closing(psycopg2.connect(url)) as dying, dying.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [(pid,)] = cursor.fetchall()
        threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute(f"SELECT pg_sleep(9), '{CANARY}'")
    # A server that is told to end while it starts again after such a death does not hear it.
    wait_until(lambda: "ready to accept" in postgres.log.read_text()[before:], 20, "the server is back")
    assert "terminated by signal 9" in postgres.log.read_text()[before:]
    assert CANARY not in postgres.log.read_text()


def test_production_is_told_what_we_do_ourselves() -> None:
    told = (Path(__file__).parents[2] / "deploy" / "postgresql.conf").read_text()
    lines = dict(line.split(" = ") for line in told.splitlines() if line and not line.startswith("#"))
    assert lines == KEEPS_VALUES_OUT_OF_THE_LOG


def test_keeps_committed_rows_through_kill_and_restart(postgres: EmbeddedPostgres) -> None:
    execute(postgres.owner_url(), "CREATE TABLE kept AS SELECT 7 AS lot")
    postgres.kill()
    assert not postgres.running
    postgres.start()
    assert execute(postgres.owner_url(), "SELECT lot FROM kept") == [(7,)]
    # Somebody's open connection must not hold up an orderly stop.
    idle = psycopg2.connect(postgres.app_url())
    postgres.restart()
    idle.close()
    assert "database system is shut down" in postgres.log.read_text()
    assert execute(postgres.owner_url(), "SELECT lot FROM kept") == [(7,)]


def test_roles_own_and_use_and_are_no_superusers(postgres: EmbeddedPostgres) -> None:
    assert execute(postgres.superuser_url(), "SHOW fsync") == [("on",)]
    execute(postgres.owner_url(), "CREATE TABLE owned (lot int)")
    with pytest.raises(errors.InsufficientPrivilege):
        execute(postgres.app_url(), "CREATE TABLE more (lot int)")
    with pytest.raises(errors.InsufficientPrivilege):
        execute(postgres.owner_url(), "CREATE ROLE other")


def test_databases_are_copied_from_a_template(postgres: EmbeddedPostgres) -> None:
    postgres.create_database("template")
    execute(postgres.owner_url("template"), "CREATE TABLE lots (lot int)")
    postgres.create_database("copy", template="template")
    assert execute(postgres.owner_url("copy"), "SELECT count(*) FROM lots") == [(0,)]
    postgres.drop_database("copy")
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        psycopg2.connect(postgres.owner_url("copy"))


def test_a_paused_server_answers_after_it_resumes(postgres: EmbeddedPostgres) -> None:
    postgres.pause()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(postgres.app_url(), connect_timeout=2)
    postgres.resume()
    assert execute(postgres.app_url(), "SELECT 1") == [(1,)]


def test_takes_over_from_a_start_that_was_killed(postgres: EmbeddedPostgres) -> None:
    execute(postgres.owner_url(), "CREATE TABLE taken AS SELECT 7 AS lot")
    # A fresh object knows nothing of the running server, like a run after a kill -9. The pid file of the cluster is
    # enough to find it.
    postgres.record.clear()
    second = EmbeddedPostgres(postgres.data_dir)
    second.start()
    try:
        assert not postgres.running
        assert execute(second.owner_url(), "SELECT lot FROM taken") == [(7,)]
    finally:
        second.stop()


def test_starts_over_a_pid_file_that_names_a_stranger(postgres: EmbeddedPostgres) -> None:
    postgres.kill()
    pid_file = postgres.data_dir / "postgres/postmaster.pid"
    lines = pid_file.read_text().splitlines()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        postgres.start()
        assert postgres.running
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_long_path_odd_characters_and_a_killed_initdb_do(data_dir: Path) -> None:
    deep = data_dir / "it's, a long path" / ("x" * 60) / ("y" * 60)
    for folder in (deep, *deep.parents[:2]):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
    # A killed initdb leaves this folder, and the next one starts over.
    (deep / "postgres.new-killed").mkdir()
    postgres = EmbeddedPostgres(deep)
    postgres.start()
    try:
        assert not list(deep.glob("postgres.new-*"))
        assert execute(postgres.app_url(), "SELECT 1") == [(1,)]
    finally:
        postgres.stop()
        sockets = postgres.place.sockets
        postgres.wipe()
    assert not sockets.exists()


def test_a_failed_start_shows_the_log_and_wiping_mends_it(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    execute(postgres.owner_url(), "CREATE TABLE lots (lot int)")
    postgres.stop()
    (data_dir / "postgres/global/pg_control").unlink()
    with pytest.raises(StackError, match=r"(?s)could not .*\nPostgreSQL ended at once; its log is"):
        postgres.start()
    postgres.wipe()
    postgres.start()
    try:
        with pytest.raises(errors.UndefinedTable):
            execute(postgres.owner_url(), "SELECT * FROM lots")
    finally:
        postgres.stop()


@pytest.mark.skipif(not AS_ROOT, reason="only root's PostgreSQL runs as another account")
def test_root_in_a_closed_folder_keeps_it_closed(data_dir: Path) -> None:
    closed = data_dir / "closed"
    closed.mkdir(mode=0o700)
    inside = closed / "data"
    postgres = EmbeddedPostgres(inside)
    postgres.start()
    try:
        assert execute(postgres.app_url(), "SELECT 1") == [(1,)]
        assert (inside / "postgres").readlink().is_relative_to(placement.RUNTIME)
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        postgres.stop()
        cluster = postgres.place.cluster
        postgres.wipe()
    assert not cluster.exists()


def test_the_copy_for_closed_folders_runs(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "RUNTIME", data_dir)
    package = placement.copied(placement.packaged())
    assert package.is_relative_to(data_dir)
    said = subprocess.run(
        [package / placement.BINARIES / "initdb", "--version"], capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith("initdb (PostgreSQL) 18")
    assert placement.copied(placement.packaged()) == package
    assert not list(data_dir.glob("copying-*"))
