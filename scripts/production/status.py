"""Shows how a production is: what runs from which release, what health says, and when backups last went well."""

import argparse
import shutil
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

import config
from powerbank import create_app, startup
from powerbank.base.db import db, utcnow
from powerbank.ops import queries, readiness
from powerbank.ops.machinery import maintenance
from scripts.production import accounts, units
from scripts.production.backup import backups
from scripts.production.backup.backups import MIB
from scripts.production.errors import ManageError


def status(settings: config.Settings, asked: argparse.Namespace) -> None:
    well = _show_programs()
    well &= _show_database(settings)
    _show_backups(settings)
    if not well:
        raise ManageError("Something needs attention.")


def _show_programs() -> bool:
    if not units.has_systemd():
        print("programs     systemd does not run on this machine")
        return True
    print(f"release      {units.CURRENT.resolve().name}")
    programs = units.find_programs()
    for each in programs:
        release = each.release.name if each.release else "–"
        restarts = f", started again {each.restarts} times" if each.restarts else ""
        print(f"  {each.name:<20} {each.state:<12} {release}{restarts}")
    if not programs:
        print("  none runs: systemctl start powerbank.target")
    return bool(programs) and all(each.state == "active" for each in programs)


def _show_database(settings: config.Settings) -> bool:
    app = create_app(settings, rules=False)
    startup.init_migrations(app)
    with accounts.as_service_account(), app.app_context():
        state = readiness.read_database_state()
        print(f"database     {state}")
        if state not in readiness.FIT:
            return False
        health = queries.read_queue_health()
        waiting = sum(health.queue_lengths.values())
        print(f"jobs         {health.status}, {waiting} waiting, the oldest for {health.oldest_age_s:.0f} s")
        for problem in health.alerts:
            print(f"  {problem.kind:<20} {problem.detail}")
        try:
            for run in maintenance.read_last_runs():
                print(f"{run.kind:<12} {_describe(run)}")
        except SQLAlchemyError:
            print("backups      the schema is older than their table")
        db.session.rollback()
    return health.status != "unhealthy"


def _describe(run: maintenance.LastRuns) -> str:
    if run.succeeded_at is None:
        return "has never gone well"
    hours = (utcnow() - run.succeeded_at).total_seconds() / 3600
    failed = "" if run.succeeded_at == run.finished_at else "; THE LAST ONE FAILED"
    return f"went well {hours:.1f} hours ago{failed}"


def _show_backups(settings: config.Settings) -> None:
    found = backups.find_backups(settings.backup_dir)
    if not found:
        print(f"backups      none in {settings.backup_dir}")
        return
    free = shutil.disk_usage(settings.backup_dir).free
    age = (datetime.now(UTC) - found[-1].taken_at).total_seconds() / 3600
    print(f"backups      {len(found)}, the newest of {age:.1f} hours ago, {free / MIB:,.0f} MiB free")
