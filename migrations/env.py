"""Runs migrations as the role that owns the tables, and lets the application's role change rows only."""

from alembic import context
from alembic.migration import MigrationContext
from flask import current_app
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import Connection, make_url

from powerbank.base.db import Base, UtcDateTime
from powerbank.startup import LIMITS

# Two deployments that start at once must not both migrate.
LOCK = 4_200_117

# History: the application's role adds rows and never changes one.
READ_AND_INSERT = (
    "audit_log",
    "alembic_version",
    "ledger_accounts",
    "ledger_entries",
    "ledger_postings",
    "ledger_sums",
    "points_moves",
    "points_moves",
)


def run() -> None:
    settings = current_app.config["SETTINGS"]
    engine = create_engine(
        settings.sqlalchemy_owner_url,
        poolclass=pool.NullPool,
        connect_args={"options": "-c lock_timeout=10s -c idle_in_transaction_session_timeout=0"},
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=True,
            render_item=_render,
            transaction_per_migration=True,
        )
        if _is_ahead(connection) and context.get_revision_argument() == context.script.get_current_head():
            # An older version starts again, as after a rollback. It serves on what newer migrations have added; neither
            # they nor the rights on their tables are its to change.
            context.config.print_stdout("The database is ahead of this code; nothing to do.")
            return
        with context.begin_transaction():
            context.run_migrations()
        _grant(connection, make_url(settings.sqlalchemy_url).username)
        connection.commit()
        _limit(settings.sqlalchemy_url)


def _limit(application_url: str) -> None:
    """Bounds what a frozen program can hold up. A role may set such things for itself, and the owner may not for it."""
    engine = create_engine(application_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        for name, value in LIMITS.items():
            connection.execute(text(f"ALTER ROLE CURRENT_USER SET {name} = '{value}'"))
        connection.commit()


def _is_ahead(connection: Connection) -> bool:
    known = {script.revision for script in context.script.walk_revisions()}
    return bool(set(MigrationContext.configure(connection).get_current_heads()) - known)


def _render(kind: str, item: object, _context: object) -> str | bool:
    """Migrations must not depend on code that may change after them."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def _grant(connection: Connection, role: str | None) -> None:
    """The application's role owns nothing: it can change rows, and not even those of the audit log."""
    owner = connection.scalar(text("SELECT current_user"))
    if role is None or role == owner:
        return
    quoted = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}"))
    for table in READ_AND_INSERT:
        if connection.scalar(text("SELECT to_regclass(:name)"), {"name": table}):
            connection.execute(text(f"REVOKE UPDATE, DELETE ON {table} FROM {quoted}"))
    if connection.scalar(text("SELECT to_regclass('ledger_accounts')")):
        # Locking a row takes the right to update a column; a trigger refuses every change of this one.
        connection.execute(text(f"GRANT UPDATE (opened_at) ON ledger_accounts TO {quoted}"))
    if connection.scalar(text("SELECT to_regclass('custody')")):
        connection.execute(text(f"REVOKE DELETE ON custody FROM {quoted}"))


run()
