"""To the second: pgBackRest keeps PostgreSQL's log, a table is lost, and the database comes back as it was before."""

import time
from typing import Protocol

from scripts.drills.one_server.machine import DrillError, Machine
from scripts.drills.one_server.releases import NEW

STANZA = ("runuser", "-u", "postgres", "--", "pgbackrest", "--stanza=powerbank", "--log-level-console=warn")
ARCHIVE = "archive_mode = on\narchive_command = 'pgbackrest --stanza=powerbank archive-push %p'\n"
# All that people would miss, as one text for each table.
WHOLE = {
    name: f"SELECT count(*), md5(string_agg(to_jsonb({name})::text, ',' ORDER BY {key})) FROM {name}"  # noqa: S608
    for name, key in (
        ("rentals", "id"),
        ("rental_events", "id"),
        ("ledger_entries", "id"),
        ("ledger_postings", "entry_id, account_id"),
        ("users", "id"),
    )
}
PROMOTED_WITHIN = 120.0


class Asks(Protocol):
    machine: Machine

    def ask(self, statement: str) -> str: ...


def keep_log(drill: Asks) -> None:
    """Have PostgreSQL hand its log over, as deploy/pgbackrest.conf says."""
    machine = drill.machine
    machine.run("cp", f"/opt/powerbank/releases/{NEW}/deploy/pgbackrest.conf", "/etc/pgbackrest.conf")
    (machine.root / "etc/postgresql/15/main/conf.d/archive.conf").write_text(ARCHIVE)
    machine.run("systemctl", "restart", "postgresql@15-main")
    machine.run(*STANZA, "stanza-create")


def back_up(drill: Asks) -> None:
    drill.machine.run(*STANZA, "--type=full", "backup")


def lose_a_table_and_return(drill: Asks) -> str:
    """Return the moment, and what was found to be as it was then. The programs must not run."""
    machine = drill.machine
    before = {name: drill.ask(statement) for name, statement in WHOLE.items()}
    moment = drill.ask("SELECT clock_timestamp()")
    time.sleep(1.1)
    drill.ask("DROP TABLE rentals CASCADE")
    drill.ask("SELECT pg_switch_wal()")
    machine.run("systemctl", "stop", "postgresql@15-main")
    machine.run(*STANZA, "--delta", "--type=time", f"--target={moment}", "--target-action=promote", "restore")
    machine.run("systemctl", "start", "postgresql@15-main")
    deadline = time.monotonic() + PROMOTED_WITHIN
    while drill.ask("SELECT pg_is_in_recovery()") != "f":
        if time.monotonic() > deadline:
            raise DrillError("PostgreSQL did not end its recovery")
        time.sleep(0.5)
    for name, statement in WHOLE.items():
        if (after := drill.ask(statement)) != before[name]:
            raise DrillError(f"{name}: {before[name]} before, {after} after")
    counts = {name: text.partition("|")[0] for name, text in before.items()}
    return (
        f"{counts['rentals']} rentals and {counts['ledger_postings']} postings as at {moment}, a second before the loss"
    )
