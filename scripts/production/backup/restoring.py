"""Restores a backup beside what is there, compares it with its manifest, and only then puts it in its place."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
from flask_migrate import upgrade
from psycopg2 import sql
from psycopg2.extensions import parse_dsn
from redis.exceptions import RedisError

import config
from powerbank import create_app, startup
from powerbank.base.db import db
from powerbank.base.redis_clients import cache_redis, queue_redis
from powerbank.ledger.books import reconciliation
from scripts.production.backup import backups, counts, postgres_tools
from scripts.production.backup.encryption import decrypted, read_complaint
from scripts.production.backup.postgres_tools import connected, read_one, with_database
from scripts.production.errors import ManageError

MAINTENANCE = "postgres"  # the database from which others are made and renamed


def owner_url(settings: config.Settings) -> str:
    return settings.database_owner_url or settings.database_url


@contextmanager
def _server(settings: config.Settings) -> Iterator[Any]:
    with connected(with_database(owner_url(settings), MAINTENANCE), autocommit=True) as server:
        yield server


def _execute(server: Any, statement: str, *names: str) -> None:
    with server.cursor() as cursor:
        try:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
        except psycopg2.Error as refused:
            raise ManageError(f"PostgreSQL refused: {str(refused).strip()}") from None


@contextmanager
def scratch_database(settings: config.Settings, name: str) -> Iterator[str]:
    """Make an empty database, give its address as the owner, and remove it in the end."""
    with _server(settings) as server:
        _execute(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        _execute(server, "CREATE DATABASE {}", name)
    try:
        yield with_database(owner_url(settings), name)
    finally:
        with _server(settings) as server:
            _execute(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def fill(settings: config.Settings, backup: backups.Backup, url: str) -> None:
    """Read the dump into an empty database."""
    with connected(url) as database:
        program = postgres_tools.find_program("pg_restore", database.server_version)
    command = [program, "--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={parse_dsn(url)['dbname']}"]
    with (
        decrypted(backup.folder / backups.DATABASE, key=settings.backup_key) as dump,
        subprocess.Popen(command, stdin=dump, stderr=subprocess.PIPE, env=postgres_tools.describe(url)) as restore,
    ):
        said = read_complaint(restore)
        if restore.wait():
            raise ManageError(f"pg_restore failed: {said.splitlines()[0] if said else restore.returncode}")


def compare(settings: config.Settings, backup: backups.Backup, url: str) -> list[str]:
    """Compare what was restored with the manifest, and recount the ledger as each night does."""
    with connected(url) as database:
        found = counts.compare(backup.manifest["counts"], counts.count(database))
    return found + _recount(settings, url)


def _recount(settings: config.Settings, url: str) -> list[str]:
    app = create_app(settings.model_copy(update={"database_url": url, "database_owner_url": url}), routes=False)
    with app.app_context():
        recount = reconciliation.Recount(uuid4())
        differences = [str(each) for each in reconciliation.find_differences(recount)]
        db.session.rollback()
        db.engine.dispose()
    return differences


def put_in_place(settings: config.Settings, restored: str) -> str | None:
    """Let the restored database take the name of the one that programs use. What was there stays, under a name with the
    time; the answer is that name, or None if nothing was there."""
    name = parse_dsn(owner_url(settings))["dbname"]
    aside = f"{name}_before_{datetime.now(UTC):%Y%m%d_%H%M%S}"
    with _server(settings) as server:
        there = read_one(server, "SELECT count(*) FROM pg_database WHERE datname = %s", name)
        if there:
            _execute(server, "ALTER DATABASE {} RENAME TO {}", name, aside)
        _execute(server, "ALTER DATABASE {} RENAME TO {}", restored, name)
    return aside if there else None


def who_is_connected(settings: config.Settings) -> list[str]:
    """Name the programs that use the database, which a restore would leave with nothing."""
    with _server(settings) as server, server.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT coalesce(nullif(application_name, ''), 'a program') FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> pg_backend_pid() ORDER BY 1",
            (parse_dsn(owner_url(settings))["dbname"],),
        )
        return [name for (name,) in cursor.fetchall()]


def unpack_documents(settings: config.Settings, backup: backups.Backup) -> int:
    """Bring back the documents that are not in their folder; what is there is left alone."""
    packed = backup.folder / backups.DOCUMENTS
    if settings.document_store != "local" or not packed.exists():
        return 0
    back = 0
    root = settings.documents_dir
    root.mkdir(mode=0o750, parents=True, exist_ok=True)
    with (
        decrypted(packed, key=settings.backup_key) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        for member in archive:
            if member.isfile() and not (root / member.name).exists():
                _put_back(archive, member, root)
                back += 1
    return back


def _put_back(archive: tarfile.TarFile, member: tarfile.TarInfo, root: Path) -> None:
    """Write one document, and nothing outside of their folder; not each Python 3.11 can see to that by itself."""
    target = (root / member.name).resolve()
    packed = archive.extractfile(member)
    if packed is None or not target.is_relative_to(root.resolve()):
        raise RuntimeError(f"{member.name} is no document of ours")
    target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    with packed, target.open("wb") as restored:
        shutil.copyfileobj(packed, restored)
    target.chmod(member.mode & 0o640)


def forget_what_redis_has(settings: config.Settings) -> None:
    """Empty Redis: its messages are about another past. The scheduler sends again what is due."""
    with create_app(settings, rules=False).app_context():
        for redis in (queue_redis(), cache_redis()):
            try:
                redis.flushdb()
            except RedisError as away:
                raise ManageError(f"Redis does not answer ({away}); empty it with FLUSHDB before the start.") from None


def count_documents(settings: config.Settings, backup: backups.Backup) -> int:
    """Read the packed documents from the first byte to the last, and refuse what is not all of them."""
    packed = backup.folder / backups.DOCUMENTS
    if not packed.exists():
        return 0
    with decrypted(packed, key=settings.backup_key) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        found = sum(1 for _ in archive)
    if found != backup.manifest["documents"]:
        raise ManageError(f"{backup.name} has {found} documents, {backup.manifest['documents']} were packed.")
    return found


def migrate(settings: config.Settings) -> None:
    """Bring the schema to this code's, and give the application's role its rights, which a dump leaves out."""
    app = create_app(settings, routes=False)
    startup.init_migrations(app)
    with app.app_context():
        upgrade()
