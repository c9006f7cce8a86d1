"""The embedded PostgreSQL keeps what was committed, whatever happens to it."""

import os
import subprocess
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import errors

from scripts.stack import EmbeddedPostgres, StackError, placement

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


def test_keeps_committed_rows_through_kill_and_restart(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    try:
        execute(postgres.owner_url(), "CREATE TABLE lots AS SELECT 7 AS lot")
        postgres.kill()
        assert not postgres.running
        postgres.start()
        assert execute(postgres.owner_url(), "SELECT lot FROM lots") == [(7,)]
        # Somebody's open connection must not hold up an orderly stop.
        idle = psycopg2.connect(postgres.app_url())
        postgres.restart()
        idle.close()
        assert "database system is shut down" in postgres.log.read_text()
        assert execute(postgres.owner_url(), "SELECT lot FROM lots") == [(7,)]
    finally:
        postgres.stop()


def test_roles_own_and_use_and_a_pause_passes(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    try:
        assert execute(postgres.superuser_url(), "SHOW fsync") == [("on",)]
        execute(postgres.owner_url(), "CREATE TABLE lots (lot int)")
        with pytest.raises(errors.InsufficientPrivilege):
            execute(postgres.app_url(), "CREATE TABLE more (lot int)")
        with pytest.raises(errors.InsufficientPrivilege):
            execute(postgres.owner_url(), "CREATE ROLE other")
        postgres.create_database("copy", template="powerbank")
        assert execute(postgres.owner_url("copy"), "SELECT count(*) FROM lots") == [(0,)]
        postgres.drop_database("copy")
        postgres.pause()
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(postgres.app_url(), connect_timeout=2)
        postgres.resume()
        assert execute(postgres.app_url(), "SELECT 1") == [(1,)]
    finally:
        postgres.stop(mode="immediate")


def test_takes_over_from_a_start_that_was_killed(data_dir: Path) -> None:
    first = EmbeddedPostgres(data_dir)
    first.start()
    execute(first.owner_url(), "CREATE TABLE lots AS SELECT 7 AS lot")
    # A fresh object knows nothing of the running server, like a run after a kill -9.
    second = EmbeddedPostgres(data_dir)
    second.start()
    try:
        assert not first.running
        assert execute(second.owner_url(), "SELECT lot FROM lots") == [(7,)]
    finally:
        second.stop()


def test_starts_over_a_pid_file_that_names_a_stranger(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    postgres.kill()
    pid_file = data_dir / "postgres/postmaster.pid"
    lines = pid_file.read_text().splitlines()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        postgres.start()
        assert postgres.running
        assert stranger.poll() is None
    finally:
        postgres.stop()
        stranger.kill()
        stranger.wait()


def test_an_unfinished_cluster_is_made_anew(data_dir: Path) -> None:
    (data_dir / "postgres.new-killed").mkdir()
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    postgres.stop()
    assert not list(data_dir.glob("postgres.new-*"))
    assert (data_dir / "postgres/PG_VERSION").exists()


def test_a_long_path_and_odd_characters_do(data_dir: Path) -> None:
    deep = data_dir / "it's, a long path" / ("x" * 60) / ("y" * 60)
    for folder in (deep, *deep.parents[:2]):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
    postgres = EmbeddedPostgres(deep)
    postgres.start()
    try:
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
