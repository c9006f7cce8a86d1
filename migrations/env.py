"""Run the migrations as the role that owns the tables, and let the application's role change rows only."""

import os
from time import sleep

from alembic import context
from alembic.migration import MigrationContext
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import create_engine, event, pool, text
from sqlalchemy.engine import Connection, Engine

from powerbank.base.db import Base, UtcDateTime, is_of_first_line
from powerbank.startup import SESSION

# Two deployments that start at the same time must not both migrate: the second one waits for this lock.
LOCK = 4_200_117
PAUSE = 0.2
# Whoever needs the same lock waits behind a migration that waits. An upgrade waits for less, and tries again.
LOCK_TIMEOUT = os.environ.get("MIGRATION_LOCK_TIMEOUT", "10s")

# The application's role adds rows to these tables, and never changes or deletes one. Triggers refuse it to the owner
# too, but for `alembic_version`, which is the owner's to write.
ONLY_ADDED_TO = (
    "alembic_version",
    "audit_log",
    "crew_earnings",
    "ledger_accounts",
    "ledger_entries",
    "ledger_postings",
    "ledger_sums",
    "partner_accruals",
    "payout_statement_pages",
    "payout_statements",
    "points_moves",
    "rental_events",
)
# The application's role adds rows to these tables and changes them, and never deletes one.
NEVER_DELETED_FROM = ("custody", "partner_agreement_stations", "partner_agreements", "payouts", "points_lots")


def run() -> None:
    settings = current_app.config["SETTINGS"]
    engine = create_engine(
        settings.sqlalchemy_owner_url,
        poolclass=pool.NullPool,
        connect_args={"options": f"-c lock_timeout={LOCK_TIMEOUT} -c idle_in_transaction_session_timeout=0"},
    )
    be_patient_with_indexes(engine)
    with engine.connect() as connection:
        wait_for_lock(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=True,
            render_item=render_item,
            transaction_per_migration=True,
        )
        unknown = unknown_revisions(connection)
        refuse_first_line(unknown)
        if unknown and context.get_revision_argument() == context.script.get_current_head():
            # An older version starts again, as after a rollback. It serves on what newer migrations have added. Neither
            # those migrations nor the rights on their tables are its to change.
            context.config.print_stdout("The database is ahead of this code; nothing to do.")
            return
        with context.begin_transaction():
            context.run_migrations()
        grant_rights(connection, set_session(settings.sqlalchemy_url))
        connection.commit()


def be_patient_with_indexes(engine: Engine) -> None:
    """Let an index that is made or dropped CONCURRENTLY wait for as long as it must.

    It waits for every transaction that is under way, and nobody waits behind it. If it gave up, what its migration has
    committed before it would stay, and the migration could not be run again.
    """
    patient = False

    @event.listens_for(engine, "before_cursor_execute")
    def set_patience(connection: Connection, cursor: object, statement: str, *_: object) -> None:
        nonlocal patient
        if ("CONCURRENTLY" in statement) != patient:
            patient = not patient
            cursor.execute(f"SET lock_timeout = '{'0' if patient else LOCK_TIMEOUT}'")  # type: ignore[attr-defined]


def wait_for_lock(connection: Connection) -> None:
    """Wait until no other deployment migrates.

    Asking again and again holds no snapshot meanwhile. `CREATE INDEX CONCURRENTLY` waits for every snapshot, and would
    wait for a deployment that waits for it.
    """
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}):
        connection.rollback()
        sleep(PAUSE)
    connection.commit()


def unknown_revisions(connection: Connection) -> set[str]:
    """Return the revisions of the database that this code does not have."""
    known = {script.revision for script in context.script.walk_revisions()}
    return set(MigrationContext.configure(connection).get_current_heads()) - known


def refuse_first_line(revisions: set[str]) -> None:
    for revision in revisions:
        if is_of_first_line(revision):
            raise CommandError(
                f"This database was made before version 0.9.0 (its revision is {revision}), and that version begins "
                "the migrations anew. Nothing was in production then: remove its data, as `./scripts/run --fresh` does "
                "(docs/decisions/031-sql-in-files-and-one-line-of-migrations.md)."
            )


def set_session(application_url: str) -> str:
    """Bound how long a frozen program can hold up others, compile no statement, and return the application's role.

    Only the role itself may set this for itself. Only the server knows which role an address leads to: it may stand
    before the host, in `?user=`, in PGUSER or in a service file, or be the account of this machine. What is set already
    is left alone: two databases of one server have the same role, and it cannot be changed by two at the same moment.
    """
    engine = create_engine(application_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        known = connection.scalar(text("SELECT rolconfig FROM pg_roles WHERE rolname = current_user")) or []
        for name, value in SESSION.items():
            if f"{name}={value}" in known:
                continue
            connection.execute(text(f"ALTER ROLE CURRENT_USER SET {name} = '{value}'"))
        role = str(connection.scalar(text("SELECT current_user")))
        connection.commit()
    return role


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write SQLAlchemy's own type into a new migration, which must not depend on code that may change after it."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def grant_rights(connection: Connection, role: str) -> None:
    """Let the application's role change rows where the domains change them. It owns nothing."""
    owner = connection.scalar(text("SELECT current_user"))
    if role == owner:
        return
    quoted = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}"))
    for rights, tables in (("UPDATE, DELETE", ONLY_ADDED_TO), ("DELETE", NEVER_DELETED_FROM)):
        for table in tables:
            if exists(connection, table):
                connection.execute(text(f"REVOKE {rights} ON {table} FROM {quoted}"))
    if exists(connection, "ledger_accounts"):
        # Who locks a row needs the right to update a column. The trigger `ledger_account_changes` refuses every change
        # of this one.
        connection.execute(text(f"GRANT UPDATE (opened_at) ON ledger_accounts TO {quoted}"))


def exists(connection: Connection, table: str) -> bool:
    return connection.scalar(text("SELECT to_regclass(:name)"), {"name": table}) is not None


run()
