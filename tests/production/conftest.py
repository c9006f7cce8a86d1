"""A small production: a database of its own, a folder of documents, keys for backups, and Redis."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import make_url

from config import Settings, load
from tests.databases import TEMPLATE, execute, superuser_url

# All workers share the role, and two cannot change it at the same moment.
MAY_CREATE_DATABASES = """
    DO $$ BEGIN
        IF NOT (SELECT rolcreatedb FROM pg_roles WHERE rolname = 'powerbank_owner') THEN
            ALTER ROLE powerbank_owner CREATEDB;
        END IF;
    END $$
"""


@pytest.fixture(autouse=True)
def _same_umask() -> Iterator[None]:
    """Leave the next tests the umask that there was: these programs write for their own account only."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@dataclass
class Production:
    settings: Settings
    environment: dict[str, str]

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg2.connect(self.settings.database_owner_url) as database, database.cursor() as cursor:
            cursor.execute(statement)
            rows = cursor.fetchall()
        database.close()
        return rows


@pytest.fixture
def production(clean: None, environment: dict[str, str], worker_id: str, tmp_path: Path) -> Iterator[Production]:
    if shutil.which("age") is None:
        pytest.skip("age is not on this machine")
    name = f"powerbank_production_{worker_id}"
    execute(superuser_url("postgres"), f"CREATE DATABASE {name} OWNER powerbank_owner TEMPLATE {TEMPLATE}")
    execute(superuser_url("postgres"), MAY_CREATE_DATABASES)
    key = tmp_path / "backup.key"
    subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True)
    public = subprocess.run(["age-keygen", "-y", key], check=True, capture_output=True).stdout
    (tmp_path / "backup.pub").write_bytes(public)
    changed = {
        variable: make_url(environment[variable]).set(database=name).render_as_string(hide_password=False)
        for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
    } | {
        "DOCUMENTS_DIR": str(tmp_path / "documents"),
        "BACKUP_DIR": str(tmp_path / "backups"),
        "BACKUP_RECIPIENTS": str(tmp_path / "backup.pub"),
        "BACKUP_KEY": str(key),
    }
    (tmp_path / "documents").mkdir()
    yield Production(load(environment | changed), environment | changed)
    for each in (name, f"{name}_before%"):
        for (found,) in _databases(each):
            execute(superuser_url("postgres"), f"DROP DATABASE {found} WITH (FORCE)")


def _databases(pattern: str) -> list[tuple[str]]:
    server = psycopg2.connect(superuser_url("postgres"))
    with server.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", (pattern,))
        found = cursor.fetchall()
    server.close()
    return found
