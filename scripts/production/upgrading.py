"""Upgrades a server to the release that this code lies in, and goes back by itself where that does not become healthy.

The schema comes first, while the old programs serve: a version only adds what its predecessor can ignore (decision 26).
So the way back is the old programs, started again.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import config
from powerbank.ops.models import MaintenanceKind
from scripts.production import accounts, journal, units
from scripts.production.backup.backups import MIB
from scripts.production.backup.postgres_tools import connected, read_one
from scripts.production.errors import ManageError
from scripts.production.journal import Run

RELEASE = Path(__file__).resolve().parents[2]
WEB = "http://127.0.0.1:8000"
# A migration that waits for a lock has all others wait behind it; so it waits this long, and tries again. It is less
# than PostgreSQL's deadlock_timeout: of a migration and a request that wait for each other the migration gives up.
LOCK_TIMEOUT = "500ms"
TRIES, PAUSE = 20, 2.0
NO_MOMENT = ("LockNotAvailable", "lock timeout", "DeadlockDetected")
STARTS_WITHIN = 120.0  # seconds for one program, which may have a job in its hands
HEALTHY_WITHIN = 120.0
CALM_ANSWERS = 20  # good answers in a row


def upgrade(settings: config.Settings, asked: argparse.Namespace) -> None:
    old = _check_place()
    _check_room(settings)
    with journal.noted(MaintenanceKind.UPGRADE, settings) as run:
        run.detail = f"{old.name} to {RELEASE.name}"
        run.tell(f"upgrade of {old.name} to {RELEASE.name}")
        if wrong := _what_is_wrong():
            raise ManageError(f"The system is not well now ({wrong}). Mend it first, or the upgrade is blamed for it.")
        if not asked.no_backup:
            _manage(RELEASE, "backup")
        _migrate(run)
        _change(settings, run, old, RELEASE)


def roll_back(settings: config.Settings, asked: argparse.Namespace) -> None:
    now = units.CURRENT.resolve()
    target = units.ROOT / "releases" / asked.version if asked.version else units.PREVIOUS.resolve()
    if not (target / "Procfile").exists() or target == now:
        raise ManageError(f"There is no other release at {target}; `ls {units.ROOT}/releases` shows them.")
    with journal.noted(MaintenanceKind.ROLLBACK, settings) as run:
        run.detail = f"{now.name} to {target.name}"
        _switch(settings, run, target)
        units.lead_to(now, units.PREVIOUS)
        run.tell(f"{target.name} serves again; the schema stays as it is")


def migrate(settings: config.Settings, asked: argparse.Namespace) -> None:
    """Bring the schema to this code's, and hold nobody up: each try waits for a lock for half a second."""
    environment = os.environ | {"MIGRATION_LOCK_TIMEOUT": LOCK_TIMEOUT}
    for attempt in range(1, TRIES + 1):
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        done = subprocess.run(command, cwd=RELEASE, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            print("schema: at this release's head")
            return
        said = [line for line in done.stderr.splitlines() if "Error" in line or "psycopg2.errors" in line][-1:] or [
            "no word"
        ]
        if not any(word in done.stderr for word in NO_MOMENT):
            raise ManageError(f"The migration failed and changed nothing of its last step: {said[0]}")
        print(f"schema: a lock was not free (try {attempt} of {TRIES})", flush=True)
        time.sleep(PAUSE)
    raise ManageError("The migration found no moment for its locks; try again when less goes on.")


def _check_place() -> Path:
    if os.geteuid() != 0:
        raise ManageError("An upgrade starts services anew, so it needs root.")
    if RELEASE.parent != units.ROOT / "releases":
        raise ManageError(f"Run the scripts/manage of the new release, below {units.ROOT}/releases; this is {RELEASE}.")
    if not units.CURRENT.is_symlink():
        raise ManageError(f"{units.CURRENT} leads to no release; deploy/install makes a first one.")
    old = units.CURRENT.resolve()
    if old == RELEASE:
        raise ManageError(f"{RELEASE.name} is the current release already.")
    return old


def _check_room(settings: config.Settings) -> None:
    free = shutil.disk_usage(settings.backup_dir if settings.backup_dir.exists() else units.ROOT).free
    if free < 1024 * MIB:
        raise ManageError(f"Only {free // MIB} MiB are free; an upgrade wants 1024 for its backup and its indexes.")


def _migrate(run: Run) -> None:
    try:
        _manage(RELEASE, "migrate")
    except ManageError as failed:
        raise ManageError(f"{failed} The old release goes on serving; nothing was started anew.") from None
    run.tell("schema migrated, while the old release serves")


def _change(settings: config.Settings, run: Run, old: Path, new: Path) -> None:
    try:
        _switch(settings, run, new)
    except ManageError as failed:
        run.tell(f"NOT WELL: {failed}")
        run.tell(f"going back to {old.name}")
        _switch(settings, run, old)
        raise ManageError(f"{new.name} did not become healthy ({failed}); {old.name} serves again.") from None
    units.lead_to(old, units.PREVIOUS)
    run.tell(f"{new.name} serves")


def _switch(settings: config.Settings, run: Run, release: Path) -> None:
    """Start everything from this release, one program after the other, the web in the end."""
    units.install_units(release)
    units.lead_to(release)
    names = units.procfile_names(release)
    programs = units.find_programs()
    for program in units.in_order(programs):
        if program.name.partition("-")[0] not in names:
            units.systemctl("stop", "--no-block", program.unit)
            run.tell(f"{program.name}: not of this release, stopped")
        elif start_anew(settings, program):
            run.tell(f"{program.name}: started")
        elif units.read_program(program.unit).state == "failed":
            raise ManageError(f"{program.name} does not start: journalctl -u {program.unit}")
        else:
            run.tell(f"{program.name}: ends its long job first")
    units.hand_over_web(lambda unit: wait_until_at_work(settings, unit))
    run.tell("web: handed over")
    units.start_what_is_new()
    _wait_until_well(release)


def start_anew(settings: config.Settings, program: units.Program) -> bool:
    """Start it anew, with another one at work meanwhile: a start of a rental that would wait for longer than
    LONGEST_START_SECONDS is refused, and a monitor tells of a lane without a worker at once. False: it ends its long
    job first."""
    stand_in = units.stand_in_of(program)
    units.systemctl("start", stand_in)
    try:
        wait_until_at_work(settings, stand_in)
        started = units.restart(program, within=STARTS_WITHIN)
        if started:
            wait_until_at_work(settings, program.unit)
        return started
    finally:
        units.systemctl("stop", "--no-block", stand_in)


def wait_until_at_work(settings: config.Settings, unit: str) -> None:
    """Wait for a heartbeat of it or of a process of its own: what systemd calls active may still load what it needs."""
    statement = "SELECT array_agg(pid) FROM heartbeats WHERE host = %s AND seen_at > now() - interval '10 s'"
    deadline = time.monotonic() + STARTS_WITHIN
    began = units.read_program(unit)
    with (
        accounts.as_service_account(),
        connected(settings.database_owner_url or settings.database_url, autocommit=True) as database,
    ):
        while time.monotonic() < deadline:
            program = units.read_program(unit)
            # Each further start takes the processors from those who serve meanwhile.
            if program.has_ended_again_since(began):
                raise ManageError(f"{program.name} ends again and again: journalctl -u {unit}")
            at_work = read_one(database, statement, socket.gethostname()) or []
            if program.pid and any(program.pid in (pid, units.parent_of(pid)) for pid in at_work):
                return
            time.sleep(0.2)
    raise ManageError(f"{unit} does not get to work: journalctl -u {unit}")


def _wait_until_well(release: Path) -> None:
    deadline, calm, wrong = time.monotonic() + HEALTHY_WITHIN, 0, "no answer"
    began = {each.unit: each for each in units.find_programs()}
    while time.monotonic() < deadline:
        restarted = [
            each.name for each in units.find_programs() if each.has_ended_again_since(began.get(each.unit, each))
        ]
        if restarted:
            raise ManageError(f"{', '.join(restarted)} ends again and again")
        wrong = _what_is_wrong() or _who_runs_something_else(release)
        calm = 0 if wrong else calm + 1
        if calm >= CALM_ANSWERS:
            return
        time.sleep(0.5)
    raise ManageError(wrong)


def _who_runs_something_else(release: Path) -> str:
    others = [
        each.name
        for each in units.find_programs()
        if each.state != "deactivating" and each.release not in (None, release)
    ]
    return f"{', '.join(others)} of another release" if others else ""


def _what_is_wrong() -> str:
    """Ask as a monitor on this machine does."""
    for path, good in (("/health/ready", {"ready", "degraded"}), ("/health/queues", {"healthy", "warning"})):
        try:
            with urllib.request.urlopen(f"{WEB}{path}", timeout=10) as answer:  # noqa: S310
                said = json.load(answer)
        except urllib.error.HTTPError as refused:
            body = refused.read().decode(errors="replace")
            return f"{path} answers {refused.code}: {body[:300]}"
        except OSError as away:
            return f"{path}: {away}"
        if said["status"] not in good:
            return f"{path} says {said['status']}"
    return ""


def _manage(release: Path, *words: str) -> None:
    """Run another command of that release's `scripts/manage`, as the account that owns the data."""
    done = subprocess.run(
        [*accounts.command_of_service_account(), str(release / "scripts/manage"), *words], check=False
    )
    if done.returncode:
        raise ManageError(f"`scripts/manage {words[0]}` of {release.name} failed.")
