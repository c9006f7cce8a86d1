"""Proves on a Debian of its own what docs/operations.md and docs/install.md say, and prints a table.

Steps: an empty Debian; the release before, installed; the upgrade to this code under load; a release that does not
work, and the way back; a backup under load, and its drill; the database lost, and restored; a table lost, and all of
the database brought back to the second before by pgBackRest.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.drills.one_server import point_in_time
from scripts.drills.one_server.machine import DrillError, Machine, find_missing, lay_over, make_base
from scripts.drills.one_server.releases import NEW, OLD, put_broken_release, put_sources
from scripts.drills.storm.checker import BOOKS

CURRENT = "/opt/powerbank/current"
HOST = "drill.example.com"
ADMIN = ("ADMIN_EMAIL=admin@drill.example.com", "ADMIN_PASSWORD=correct-horse-battery-staple")
WAITS = ("trip", "tap to ejection", "return to bill", "code by SMS", "person")  # what is not one request
PAGE = Path(__file__).parents[3] / "docs/operations.md"
SETTLED_WITHIN = 120.0


@dataclass
class Drill:
    machine: Machine
    people: int
    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def step(self, name: str, do: Callable[[], str]) -> None:
        began = time.monotonic()
        print(f"{name} …", flush=True)
        said = do()
        took = f"{time.monotonic() - began:.0f} s"
        self.rows.append((name, took, said))
        print(f"  {took}: {said}", flush=True)

    @contextlib.contextmanager
    def load(self) -> Iterator[dict[str, Any]]:
        """Let people use the machine meanwhile. What came of it is in the answer afterwards."""
        stop, begun = self.machine.root / "load-stop", self.machine.root / "load-begun"
        for mark in (stop, begun):
            mark.unlink(missing_ok=True)
        shutil.copy(Path(__file__).parent / "load.py", self.machine.root / "root/load.py")
        release = f"/opt/powerbank/releases/{NEW}"
        command = self.machine.command(
            *(*ADMIN, f"PYTHONPATH={release}", f"{release}/.venv/bin/python"),
            *("/root/load.py", f"/{stop.name}", f"/{begun.name}", str(self.people)),
        )
        found: dict[str, Any] = {}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.machine.log, text=True) as program:
            try:
                while not begun.exists():
                    if program.poll() is not None:
                        raise DrillError(f"the load did not begin; {self.machine.log.name} tells why")
                    time.sleep(0.5)
                time.sleep(10)
                yield found
                time.sleep(10)
            finally:
                stop.touch()
                said, _ = program.communicate(timeout=900)
        self.machine.log.write(f"load: {said}\n")
        if program.returncode:
            raise DrillError(f"the load ended with {program.returncode}; {self.machine.log.name} tells why")
        found.update(json.loads(said))
        if found["wrong"]:
            raise DrillError(f"{len(found['wrong'])} of {sum(found['answers'].values())} failed: {found['wrong'][:5]}")

    def manage(self, *words: str, release: str = CURRENT, check: bool = True) -> str:
        done = self.machine.run(f"{release}/scripts/manage", *words, check=check)
        return done.stdout + done.stderr

    def ask(self, statement: str) -> str:
        asked = ("runuser", "-u", "postgres", "--", "psql", "-qtA", "-d", "powerbank", "-c", statement)
        return self.machine.run(*asked).stdout.strip()

    def check_jobs(self) -> str:
        """Wait until nothing is due any more, and refuse a job that was lost or failed for good."""
        late = "SELECT count(*) FROM outbox_jobs WHERE state = 'open' AND run_after < now() - interval '10 s'"
        deadline = time.monotonic() + SETTLED_WITHIN
        while self.ask(late) != "0":
            if time.monotonic() > deadline:
                raise DrillError(f"jobs are left: {self.ask(late)}")
            time.sleep(1)
        dead = self.ask("SELECT count(*) FROM outbox_jobs WHERE state = 'dead' AND cause = 'failed'")
        if dead != "0":
            raise DrillError(f"{dead} jobs failed for good")
        done = self.ask("SELECT count(*) FROM outbox_jobs WHERE state = 'done'")
        for what, statement in BOOKS.items():
            if rows := self.ask(statement):
                raise DrillError(f"{what}: {rows.splitlines()[0]}")
        return f"{done} jobs done, 0 lost, the books right"


def describe(found: dict[str, Any]) -> str:
    longest, times = found["longest"], found["answers"]
    requests = [name for name in times if name not in WAITS]
    slowest = max(longest[name] for name in requests if name != "look at a rental")
    return (
        f"{sum(times[name] for name in requests):,} requests, 0 failed, the slowest {slowest:.1f} s; "
        f"{times.get('trip', 0)} rentals, the slowest from tap to ejection {longest.get('tap to ejection', 0):.1f} s; "
        f"{times.get('join', 0)} people joined, the slowest code {longest.get('code by SMS', 0):.1f} s"
    )


def install(drill: Drill) -> str:
    machine = drill.machine
    machine.boot()
    settings = ("database", "servers", "settings")
    machine.run("/root/new/deploy/install", "--host", HOST, *settings)
    # The SMS vendor of the load, and the release before this one.
    with (machine.root / "etc/powerbank/settings.env").open("a") as file:
        file.write("SMS_URL=http://127.0.0.1:8025\nSMS_TOKEN=token-of-the-drill\n")
    machine.run("ln", "-sfn", f"/opt/powerbank/releases/{OLD}", CURRENT)
    machine.run(
        *("systemd-run", "--quiet", "--wait", "--pipe", "-p", "User=powerbank", "-p", f"WorkingDirectory={CURRENT}"),
        *("-p", "EnvironmentFile=/etc/powerbank/settings.env"),
        *(f"{CURRENT}/.venv/bin/flask", "--app", "wsgi", "db", "upgrade"),
    )
    install = ("/root/new/deploy/install", "--host", HOST, "--admin", ADMIN[0].partition("=")[2])
    machine.run(*ADMIN, *install, "units", "proxy", "admin", "start")
    return f"release {OLD} serves"


def upgrade(drill: Drill) -> str:
    with drill.load() as found:
        drill.manage("upgrade", release=f"/opt/powerbank/releases/{NEW}")
    jobs = drill.check_jobs()
    versions = drill.machine.run("readlink", CURRENT).stdout.strip()
    if not versions.endswith(NEW):
        raise DrillError(f"{CURRENT} leads to {versions}")
    return f"{OLD} to {NEW}; {describe(found)}; {jobs}"


def fail_upgrade(drill: Drill) -> str:
    broken = put_broken_release(drill.machine.root)
    with drill.load() as found:
        said = drill.manage("upgrade", "--no-backup", release=f"/opt/powerbank/releases/{broken}", check=False)
    if f"{NEW} serves again" not in said:
        raise DrillError(f"it did not go back: {said[-600:]}")
    if not drill.machine.run("readlink", CURRENT).stdout.strip().endswith(NEW):
        raise DrillError("the current release is another one")
    return f"back on {NEW} by itself; {describe(found)}; {drill.check_jobs()}"


def back_up(drill: Drill) -> str:
    with drill.load() as found:
        began = drill.ask("SELECT now()")
        drill.manage("backup")
    (drill.machine.root / "root/backup-began").write_text(began)
    proven = drill.manage("verify").strip().splitlines()[-1]
    return f"{proven}; {describe(found)}"


def lose_and_restore(drill: Drill) -> str:
    """Restore the backup that was taken under load. What was committed before it began must be there as it was."""
    drill.machine.run("systemctl", "stop", "powerbank.target")
    began = (drill.machine.root / "root/backup-began").read_text()
    before = {what: drill.ask(statement.format(began)) for what, statement in KEPT.items()}
    all_postings = set(drill.ask(POSTINGS).splitlines())
    drill.machine.run("runuser", "-u", "postgres", "--", "dropdb", "--force", "powerbank")
    drill.machine.run("redis-cli", "FLUSHALL")
    for path in (drill.machine.root / "var/lib/powerbank/documents").glob("*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    drill.manage("restore", "--yes")
    for what, statement in KEPT.items():
        if (after := drill.ask(statement.format(began))) != before[what]:
            raise DrillError(f"{what}: {before[what]} before, {after} after")
    if strange := set(drill.ask(POSTINGS).splitlines()) - all_postings:
        raise DrillError(f"{len(strange)} postings that were never made: {strange}")
    restored = drill.ask("SELECT count(*) FROM ledger_postings")
    drill.machine.run("systemctl", "start", "powerbank.target")
    with drill.load() as found:
        pass
    rentals, entries = (before[what].partition("|")[0] for what in KEPT)
    return (
        f"{rentals} rentals and {entries} entries of the ledger, all that was committed before the backup, are as they"
        f" were; {restored} postings, none of them another than before; {describe(found)}; {drill.check_jobs()}"
    )


def return_to_a_second(drill: Drill) -> str:
    drill.machine.run("systemctl", "stop", "powerbank.target")
    point_in_time.keep_log(drill)
    drill.machine.run("systemctl", "start", "powerbank.target")
    with drill.load() as found:
        point_in_time.back_up(drill)
    drill.machine.run("systemctl", "stop", "powerbank.target")
    said = point_in_time.lose_a_table_and_return(drill)
    drill.machine.run("redis-cli", "FLUSHALL")
    drill.machine.run("systemctl", "start", "powerbank.target")
    with drill.load():
        pass
    return f"{said}; while the backup was made {describe(found)}"


# How many there are and what is in them, of what had come to its end a minute before a moment: a transaction that began
# before it may have been committed after it.
KEPT = {
    "rentals": "SELECT count(*), md5(string_agg(concat_ws(' ', id, user_id, status, price, overdue_amount, ended_at),"
    " ',' ORDER BY id)) FROM rentals WHERE settled_at < '{0}'::timestamptz - interval '1 min'",
    "the ledger": "SELECT count(*), md5(string_agg(to_jsonb(e)::text, ',' ORDER BY id)) FROM ledger_entries e"
    " WHERE created_at < '{0}'::timestamptz - interval '1 min'",
}
POSTINGS = "SELECT to_jsonb(ledger_postings)::text FROM ledger_postings"

STEPS: tuple[tuple[str, Callable[[Drill], str]], ...] = (
    ("install the release before", install),
    ("upgrade under load", upgrade),
    ("an upgrade that does not work", fail_upgrade),
    ("a backup under load, proven", back_up),
    ("the database lost, and restored", lose_and_restore),
    ("a table lost, and the second before", return_to_a_second),
)


def table(rows: list[tuple[str, str, str]]) -> str:
    lines = ["| step | took | what came of it |", "| --- | ---: | --- |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/drills/one-server", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "powerbank-one-server")
    parser.add_argument("--people", type=int, default=4, help="at once")
    parser.add_argument("--keep", action="store_true", help="leave the machine's folder behind")
    parser.add_argument("--write", action="store_true", help="put the table into docs/operations.md")
    asked = parser.parse_args()
    if missing := find_missing():
        print(f"This drill needs {', '.join(missing)}: apt install debootstrap systemd-container, as root.")
        return 2
    asked.folder.mkdir(parents=True, exist_ok=True)
    root = asked.folder / "machine/root"
    with (asked.folder / "log").open("w") as log:
        machine = Machine(root, log)
        drill = Drill(machine, asked.people)

        def prepare() -> str:
            lay_over(make_base(asked.folder, log), root.parent)
            put_sources(root)
            machine.prepare("/root/new/deploy/install", "--host", HOST, "packages", "release")
            machine.prepare("apt-get", "install", "-qy", "--no-install-recommends", "pgbackrest")
            machine.prepare("/root/old/deploy/install", "--host", HOST, "release")
            return "its packages and both releases are there"

        try:
            drill.step("an empty Debian", prepare)
            for name, do in STEPS:
                drill.step(name, lambda do=do: do(drill))  # type: ignore[misc]
        except DrillError as failed:
            print(f"FAILED: {failed}\nThe log is {log.name}, what changed on the machine {root.parent}/changes.")
            return 1
        finally:
            machine.stop()
            subprocess.run(["umount", root], check=False)
            if not asked.keep:
                shutil.rmtree(root.parent, ignore_errors=True)
    print(table(drill.rows))
    if asked.write:
        _write(f"`scripts/drills/one-server --people {asked.people}`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.", drill)
    return 0


def _write(head: str, drill: Drill) -> None:
    pattern = r"(<!-- one-server -->\n).*?(<!-- /one-server -->)"
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[1]:.0f} over five minutes."
    text = f"{head} {machine}\n\n{table(drill.rows)}\n"
    PAGE.write_text(re.sub(pattern, lambda found: f"{found[1]}{text}{found[2]}", PAGE.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    sys.exit(main())
