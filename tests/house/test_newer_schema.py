"""Expand and contract: older code serves on a newer schema, so that nothing stands still during an upgrade, and the way
back needs no migration.

The newer schema is this code's with one more revision, which adds what later versions may add. The older code is this
tree's, or where there is a tag, that of the last one.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import Migrate, downgrade, upgrade
from sqlalchemy import make_url, text

from config import load
from powerbank import create_app
from powerbank.base.db import db
from tests.databases import TEMPLATE, execute, superuser_url

ROOT = Path(__file__).parents[2]
LATER = """
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade():
    op.add_column("users", sa.Column("nickname", sa.Text()))
    op.add_column("outbox_jobs", sa.Column("weight", sa.Integer(), server_default="1", nullable=False))
    op.add_column("otp_challenges", sa.Column("route", sa.Text(), server_default="sms", nullable=False))
    op.create_table("chapters", sa.Column("id", sa.Uuid(), primary_key=True))
    op.create_index("ix_users_nickname", "users", ["nickname"])
    op.create_check_constraint("length", "users", "length(nickname) < 100")


def downgrade():
    op.drop_table("chapters")
    op.drop_column("otp_challenges", "route")
    op.drop_column("outbox_jobs", "weight")
    op.drop_column("users", "nickname")
"""


@pytest.fixture
def newer(clean: None, environment: dict[str, str], worker_id: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the settings of programs whose database somebody has upgraded already."""
    name = f"powerbank_newer_{worker_id}"
    execute(superuser_url("postgres"), f"CREATE DATABASE {name} OWNER powerbank_owner TEMPLATE {TEMPLATE}")
    urls = {
        variable: make_url(environment[variable]).set(database=name).render_as_string(hide_password=False)
        for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    app = create_app(load(urls))
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    with app.app_context():
        head = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        db.session.rollback()
        (tmp_path / "migrations" / "versions" / "later.py").write_text(LATER.format(head=head))
        Migrate(app, db, directory=str(tmp_path / "migrations"))
        upgrade()
        execute(urls["DATABASE_OWNER_URL"], "REVOKE UPDATE, DELETE ON chapters FROM powerbank_app")
        yield urls
        downgrade(revision="-1")
        db.engine.dispose()
    execute(superuser_url("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def test_older_code_is_ready_and_its_upgrade_leaves_a_newer_schema_alone(newer: dict[str, str]) -> None:
    app = create_app(load(newer))
    with app.app_context():
        upgrade()
        assert db.session.scalar(text("SELECT version_num FROM alembic_version")) == "later"
        allowed = text("SELECT has_table_privilege(current_user, 'chapters', 'DELETE')")
        assert db.session.scalar(allowed) is False, "rights on tables that it does not know are not its to give"
        db.engine.dispose()
    answer = app.test_client().get("/health/ready")
    assert (answer.status_code, answer.get_json()["checks"]["database"]) == (200, "ahead of this code")


def test_newer_code_is_unready_until_the_schema_follows(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    newer = create_app(app.config["SETTINGS"])
    with newer.app_context():
        head = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    (tmp_path / "migrations" / "versions" / "later.py").write_text(LATER.format(head=head))
    Migrate(newer, db, directory=str(tmp_path / "migrations"))
    answer = newer.test_client().get("/health/ready")
    assert answer.status_code == 503
    assert answer.get_json()["checks"]["database"] == f"migrations at {head}, the code needs later"


def test_the_last_versions_code_serves_on_the_newer_schema(newer: dict[str, str], tmp_path: Path) -> None:
    """It reads every table, could write each of them, and signs somebody in."""
    code = last_version(tmp_path / "code")
    program = [sys.executable, "-P", str(ROOT / "tests" / "programs" / "last_version.py")]
    environment = {**os.environ, **newer, "PYTHONPATH": str(code)}
    done = subprocess.run(program, cwd=code, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["202", "201", "200"], done.stderr[-2000:]


def last_version(folder: Path) -> Path:
    tag = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    if not tag:
        return ROOT
    packed = subprocess.run(["git", "archive", tag], cwd=ROOT, capture_output=True, check=True).stdout
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
    return folder
