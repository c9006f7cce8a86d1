"""Backups: an encrypted dump of the database, the documents' folder, and a manifest of what they hold.

A backup is a folder named by its moment. It appears under its name when it is whole. Keys are no part of it: documents
are encrypted in their store already, and whoever has both a backup and DOCUMENT_KEYS reads them.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection

import config
from scripts.production.backup import counts, postgres_tools
from scripts.production.backup.encryption import encrypted, find_age, read_complaint
from scripts.production.errors import ManageError

NAME = "%Y-%m-%dT%H-%M-%SZ"
DATABASE, DOCUMENTS, MANIFEST = "database.dump.age", "documents.tar.age", "manifest.json"
MIB = 2**20
ROOM = 200 * MIB  # beside what the last backup took


@dataclass(frozen=True)
class Backup:
    folder: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def taken_at(self) -> datetime:
        return datetime.strptime(self.name, NAME).replace(tzinfo=UTC)

    @property
    def size(self) -> int:
        return sum(each.stat().st_size for each in self.folder.iterdir())

    def check_files(self) -> None:
        """Refuse a backup of which a file is not what was written."""
        for name, digest in self.manifest["sha256"].items():
            path = self.folder / name
            if not path.exists() or _digest(path) != digest:
                raise ManageError(f"{path} is missing or is not what was written; take another backup.")


def find_backups(folder: Path) -> list[Backup]:
    """List the whole backups, the oldest first."""
    found = []
    for manifest in sorted(folder.glob(f"[0-9]*Z/{MANIFEST}")):
        found.append(Backup(manifest.parent, json.loads(manifest.read_text())))
    return found


def find_backup(folder: Path, name: str | None) -> Backup:
    found = find_backups(folder)
    wanted = [each for each in found if name in (None, each.name)]
    if not wanted:
        raise ManageError(f"{folder} has no backup {name}." if name else f"{folder} has no backup.")
    return wanted[-1]


def make(settings: config.Settings, tell: Callable[[str], None]) -> Backup:
    """Make a backup of what is committed at one moment, while everything goes on."""
    folder = settings.backup_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    find_age()
    for left in folder.glob("*.partial"):
        shutil.rmtree(left)
    _check_room(folder)
    owner_url = settings.database_owner_url or settings.database_url
    with postgres_tools.connected(owner_url) as database:
        database.set_session(isolation_level="REPEATABLE READ", readonly=True)
        postgres_tools.read_one(database, "SELECT set_config('idle_in_transaction_session_timeout', '0', false)")
        snapshot = postgres_tools.read_one(database, "SELECT pg_export_snapshot()")
        moment = postgres_tools.read_one(database, "SELECT now()").astimezone(UTC)
        whole = folder / moment.strftime(NAME)
        partial = whole.with_name(f"{whole.name}.partial")
        partial.mkdir(mode=0o700)
        _dump(settings, owner_url, database, snapshot, partial / DATABASE)
        tell(f"database: {(partial / DATABASE).stat().st_size / MIB:.1f} MiB")
        # After the snapshot: every document that it names is in the store by now.
        documents = _pack_documents(settings, partial / DOCUMENTS)
        tell(f"documents: {documents if documents is not None else 'not in a folder of this machine'}")
        held = counts.count(database)
        manifest = {
            "version": config.VERSION,
            "revision": postgres_tools.read_one(database, "SELECT version_num FROM alembic_version"),
            "postgresql": database.server_version,
            "taken_at": moment.isoformat(),
            "documents": documents,
            "counts": held,
            "sha256": {each.name: _digest(each) for each in sorted(partial.iterdir())},
        }
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1))
    _flush(partial)
    partial.rename(whole)
    _flush_folder(folder)
    return Backup(whole, manifest)


def _check_room(folder: Path) -> None:
    last = find_backups(folder)
    needed = ROOM + (last[-1].size * 12 // 10 if last else 0)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ManageError(f"{folder} has {free // MIB} MiB left, and a backup needs {needed // MIB}: make room.")


def _dump(settings: config.Settings, url: str, database: connection, snapshot: str, target: Path) -> None:
    command = [
        postgres_tools.find_program("pg_dump", database.server_version),
        *("--format=custom", "--compress=6", f"--snapshot={snapshot}", "--no-password"),
    ]
    with (
        encrypted(target, recipients=settings.backup_recipients) as out,
        subprocess.Popen(
            command, stdout=out, stderr=subprocess.PIPE, env=postgres_tools.describe(url), text=False
        ) as dump,
    ):
        said = read_complaint(dump)
        if dump.wait():
            raise ManageError(f"pg_dump failed: {said}")


def _pack_documents(settings: config.Settings, target: Path) -> int | None:
    """Pack the documents' folder. One that is deleted meanwhile is left out. None: they are kept elsewhere."""
    if settings.document_store != "local":
        return None
    packed = 0
    root = settings.documents_dir
    with (
        encrypted(target, recipients=settings.backup_recipients) as out,
        tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in _files_below(root):
            try:
                archive.add(path, arcname=str(path.relative_to(root)), recursive=False)
                packed += 1
            except FileNotFoundError:
                continue
    return packed


def _files_below(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        for name in names:
            yield Path(folder, name)


def forget_old(folder: Path, keep: str, *, proven: str | None) -> list[str]:
    """Remove the backups that no rule keeps: of the last days, weeks and months with a backup the newest of each. The
    last one that a drill proved stays in any case."""
    days, weeks, months = map(int, keep.split(","))
    kept = {proven}
    backups = find_backups(folder)[::-1]
    for number, period in ((days, "%Y-%m-%d"), (weeks, "%G-%V"), (months, "%Y-%m")):
        newest_of: dict[str, str] = {}
        for each in backups:
            newest_of.setdefault(each.taken_at.strftime(period), each.name)
        kept |= set(list(newest_of.values())[:number])
    removed = [each for each in backups[1:] if each.name not in kept]
    for each in removed:
        shutil.rmtree(each.folder)
    return [each.name for each in removed]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(folder: Path) -> None:
    for each in folder.iterdir():
        with each.open("rb") as file:
            os.fsync(file.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
