"""An upgrade of a database that has rows and is in use: the pattern for each migration that changes rows.

The migration is made up. It gives each member of staff a name to show, taken from the address.
"""

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from flask import Flask
from flask_migrate import Migrate, downgrade, upgrade
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from config import load
from powerbank import create_app
from powerbank.base.db import db
from tests.databases import TEMPLATE, execute, superuser_url

ROOT = Path(__file__).parents[2]
LATER = """
import sqlalchemy as sa
from alembic import op

revision = "9999_names_of_staff"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade():
    op.add_column("staff", sa.Column("shown_name", sa.Text(), nullable=True))
    op.execute("UPDATE staff SET shown_name = split_part(email, '@', 1)")
    op.create_check_constraint("named", "staff", "shown_name <> ''", postgresql_not_valid=True)
    op.execute("ALTER TABLE staff VALIDATE CONSTRAINT ck_staff_named")


def downgrade():
    op.drop_constraint(op.f("ck_staff_named"), "staff")
    op.drop_column("staff", "shown_name")
"""
LATER_INDEX = """
from alembic import op

revision = "9999_names_of_staff"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade():
    op.execute("CREATE TABLE made_before_the_index (id int)")
    with op.get_context().autocommit_block():
        op.create_index("ix_staff_language", "staff", ["language"], postgresql_concurrently=True)
"""
MEMBER = """
    INSERT INTO staff (id, email, password_hash, role)
    VALUES ('018f0000-0000-7000-8000-000000000001', 'asha@example.com', 'x', 'viewer')"""


@pytest.fixture
def in_use(
    environment: dict[str, str], worker_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """An application on a database with one member of staff, whose code has one migration more. It waits for locks a
    hundredth as long as any other."""
    name = f"powerbank_upgrades_{worker_id}"
    execute(superuser_url("postgres"), f"CREATE DATABASE {name} OWNER powerbank_owner TEMPLATE {TEMPLATE}")
    urls = {
        variable: make_url(environment[variable]).set(database=name).render_as_string(hide_password=False)
        for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    execute(urls["DATABASE_URL"], MEMBER)
    migrations = tmp_path / "migrations"
    shutil.copytree(ROOT / "migrations", migrations)
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "100ms")
    app = create_app(load(urls))
    with app.app_context():
        head = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        db.session.rollback()
        (migrations / "versions" / "9999_names_of_staff.py").write_text(LATER.format(head=head))
        Migrate(app, db, directory=str(migrations))
        yield app
        db.engine.dispose()
    execute(superuser_url("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def read(query: str) -> list[tuple[object, ...]]:
    found = [tuple(row) for row in db.session.execute(text(query))]
    db.session.rollback()
    return found


def test_rows_are_carried_up_and_down(in_use: Flask) -> None:
    before = read("SELECT * FROM staff")
    upgrade()
    assert read("SELECT email, shown_name FROM staff") == [("asha@example.com", "asha")]
    downgrade(revision="-1")
    assert read("SELECT * FROM staff") == before


def test_an_upgrade_gives_up_rather_than_let_requests_queue_behind_it(in_use: Flask) -> None:
    """A migration that waits for a lock has everybody behind it wait too. It leaves the schema as it was, and can be
    started again."""
    head = read("SELECT version_num FROM alembic_version")
    with closing(psycopg2.connect(in_use.config["SETTINGS"].database_url)) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT * FROM staff")  # and its transaction stays open
        with pytest.raises(OperationalError) as gave_up:
            upgrade()
        assert isinstance(gave_up.value.orig, psycopg2.errors.LockNotAvailable)
        assert read("SELECT version_num FROM alembic_version") == head
    upgrade()
    assert read("SELECT version_num FROM alembic_version") == [("9999_names_of_staff",)]


def test_an_index_is_waited_for_since_nobody_waits_behind_it(in_use: Flask) -> None:
    """What its migration has committed before stays, so it must not give up as others do."""
    migrations = Path(in_use.extensions["migrate"].directory)
    (migrations / "versions" / "9999_names_of_staff.py").write_text(
        LATER_INDEX.format(head=read("SELECT version_num FROM alembic_version")[0][0])
    )
    with closing(psycopg2.connect(in_use.config["SETTINGS"].database_url)) as writer, writer.cursor() as cursor:
        cursor.execute("UPDATE staff SET language = language")  # and its transaction goes on for five times the limit
        ends = threading.Timer(0.5, writer.rollback)
        ends.start()
        upgrade()
        ends.join()
    assert read("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_staff_language'::regclass") == [(True,)]
    assert read("SELECT version_num FROM alembic_version") == [("9999_names_of_staff",)]
