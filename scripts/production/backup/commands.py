"""The commands of `scripts/manage` about backups."""

import argparse
import os
from datetime import UTC, datetime

import config
from powerbank.ops.models import MaintenanceKind
from scripts.production import journal
from scripts.production.backup import backups, restoring
from scripts.production.backup.backups import MIB
from scripts.production.errors import ManageError

PROVEN = "proven"  # in the folder of backups, the name of the one that a drill last proved


def backup(settings: config.Settings, asked: argparse.Namespace) -> None:
    with journal.noted(MaintenanceKind.BACKUP, settings) as run:
        made = backups.make(settings, run.tell)
        run.detail = f"{made.name}, {made.size / MIB:.1f} MiB"
        for name in backups.forget_old(settings.backup_dir, settings.backup_keep, proven=_last_proven(settings)):
            run.tell(f"removed {name}, which BACKUP_KEEP does not keep")
        run.tell(f"{made.folder}: {made.size / MIB:.1f} MiB, {sum(made.manifest['counts']['rows'].values()):,} rows")


def list_backups(settings: config.Settings, asked: argparse.Namespace) -> None:
    proven = _last_proven(settings)
    for each in backups.find_backups(settings.backup_dir):
        mark = "  proven by a drill" if each.name == proven else ""
        print(f"{each.name}  {each.size / MIB:9.1f} MiB  {each.manifest['version']:<10}{mark}")


def verify(settings: config.Settings, asked: argparse.Namespace) -> None:
    """The drill: restore into a scratch database, compare the counts, recount the ledger."""
    with journal.noted(MaintenanceKind.RESTORE_DRILL, settings) as run:
        chosen = backups.find_backup(settings.backup_dir, asked.backup)
        chosen.check_files()
        began = datetime.now(UTC)
        with restoring.scratch_database(settings, f"powerbank_drill_{os.getpid()}") as url:
            restoring.fill(settings, chosen, url)
            differences = restoring.compare(settings, chosen, url)
        if differences:
            raise ManageError(f"{chosen.name} does not give back what was there: {'; '.join(differences[:5])}")
        documents = restoring.count_documents(settings, chosen)
        took = (datetime.now(UTC) - began).total_seconds()
        (settings.backup_dir / PROVEN).write_text(chosen.name)
        rows = sum(chosen.manifest["counts"]["rows"].values())
        run.detail = f"{chosen.name}: {rows:,} rows, {documents} documents, the ledger recounted, in {took:.0f} s"
        run.tell(f"proven: {run.detail}")


def restore(settings: config.Settings, asked: argparse.Namespace) -> None:
    chosen = backups.find_backup(settings.backup_dir, asked.backup)
    chosen.check_files()
    if users := restoring.who_is_connected(settings):
        raise ManageError(
            f"The database is in use ({', '.join(users)}): `systemctl stop powerbank.target` first, and come back."
        )
    if not asked.yes:
        raise ManageError(
            f"This puts everything back to {chosen.taken_at:%Y-%m-%d %H:%M} UTC, and keeps what is there now under"
            " another name. Say --yes."
        )
    name = f"powerbank_restored_{os.getpid()}"
    with restoring.scratch_database(settings, name) as url:
        restoring.fill(settings, chosen, url)
        print("restored; comparing with what was there", flush=True)
        if differences := restoring.compare(settings, chosen, url):
            raise ManageError(f"{chosen.name} does not give back what was there: {'; '.join(differences[:5])}")
        aside = restoring.put_in_place(settings, name)
    print(f"{restoring.unpack_documents(settings, chosen)} documents brought back", flush=True)
    restoring.forget_what_redis_has(settings)
    restoring.migrate(settings)
    print(f"Everything is as of {chosen.taken_at:%Y-%m-%d %H:%M:%S} UTC, and equal to the backup.")
    if aside:
        print(f"What was there is the database {aside}: `dropdb {aside}` when nobody needs it.")


def _last_proven(settings: config.Settings) -> str | None:
    path = settings.backup_dir / PROVEN
    return path.read_text().strip() if path.exists() else None
