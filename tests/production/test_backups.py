"""A backup is of one moment, gives back all that was committed by then, and a drill finds one that does not."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from psycopg2.extensions import parse_dsn

from powerbank import create_app
from powerbank.base.db import db, transaction
from powerbank.ops.machinery import maintenance
from scripts.production import __main__ as manage
from scripts.production.backup import backups, counts
from scripts.production.backup.postgres_tools import connected, with_database
from tests.databases import execute, superuser_url
from tests.ledger.conftest import make_person, top_up
from tests.production.conftest import Production


@pytest.fixture
def programs(production: Production) -> Iterator[Flask]:
    made = create_app(production.settings, routes=False)
    yield made
    with made.app_context():
        db.engine.dispose()


def run(production: Production, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    for name, value in production.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["manage", *words])
    return manage.main()


@contextmanager
def people_who_top_up(programs: Flask) -> Iterator[list[int]]:
    """Let two people top up again and again. The list has the amounts that were committed."""
    committed, stop, began = [], threading.Event(), threading.Barrier(3)

    def keep_on() -> None:
        with programs.app_context():
            someone = make_person(wallet=10_00)
            began.wait()
            while not stop.is_set():
                with transaction():
                    top_up(someone, 1_00)
                committed.append(1_00)
                stop.wait(0.02)  # the backup is to be had beside it, not behind it
            db.session.remove()

    threads = [threading.Thread(target=keep_on) for _ in range(2)]
    for each in threads:
        each.start()
    began.wait()
    try:
        yield committed
    finally:
        stop.set()
        for each in threads:
            each.join()


def held(production: Production) -> dict[str, object]:
    with connected(production.settings.database_owner_url or "") as database:
        found = counts.count(database)
    found["rows"].pop("maintenance_runs")
    return found


def test_a_backup_under_load_gives_back_one_moment(
    production: Production, programs: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = production.settings.documents_dir
    (documents / "ab").mkdir()
    (documents / "ab/front.bin").write_bytes(b"encrypted already")
    with people_who_top_up(programs) as committed:
        assert run(production, monkeypatch, "backup") == 0
    (kept,) = backups.find_backups(production.settings.backup_dir)
    entries = kept.manifest["counts"]["rows"]["ledger_entries"]
    assert 2 <= entries <= 2 + len(committed)

    # Afterwards the machine loses its data.
    name = production.settings.database_url.split("/")[-1].split("?")[0]
    with programs.app_context():
        db.engine.dispose()
    execute(superuser_url("postgres"), f"DROP DATABASE {name} WITH (FORCE)")
    execute(superuser_url("postgres"), f"CREATE DATABASE {name} OWNER powerbank_owner")
    (documents / "ab/front.bin").unlink()
    assert run(production, monkeypatch, "restore") == 1
    assert "Say --yes" in capsys.readouterr().err
    assert run(production, monkeypatch, "restore", "--yes") == 0
    wanted = json.loads(json.dumps(kept.manifest["counts"]))
    wanted["rows"].pop("maintenance_runs")
    assert held(production) == wanted
    assert (documents / "ab/front.bin").read_bytes() == b"encrypted already"
    with programs.app_context():
        make_person(wallet=5_00)  # the application's role has its rights again


def test_a_drill_proves_a_backup_and_is_noted(
    production: Production, programs: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with programs.app_context():
        make_person(wallet=10_00, points=5)
    assert run(production, monkeypatch, "verify") == 1
    assert "has no backup" in capsys.readouterr().err
    assert run(production, monkeypatch, "backup") == 0
    assert run(production, monkeypatch, "verify") == 0
    assert "the ledger recounted" in capsys.readouterr().out
    assert run(production, monkeypatch, "list") == 0
    assert "proven by a drill" in capsys.readouterr().out
    with programs.app_context():
        last = {each.kind: each for each in maintenance.read_last_runs()}
    assert last["restore_drill"].succeeded_at == last["restore_drill"].finished_at
    assert production.ask("SELECT kind, succeeded FROM maintenance_runs ORDER BY finished_at") == [
        ("restore_drill", False),
        ("backup", True),
        ("restore_drill", True),
    ]
    assert production.ask("SELECT count(*) FROM pg_database WHERE datname LIKE 'powerbank_drill%'") == [(0,)]


def test_a_drill_finds_a_backup_that_differs(
    production: Production, programs: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with programs.app_context():
        make_person(wallet=10_00)
    run(production, monkeypatch, "backup")
    (made,) = backups.find_backups(production.settings.backup_dir)
    changed = json.loads((made.folder / backups.MANIFEST).read_text())
    changed["counts"]["rows"]["users"] += 1
    (made.folder / backups.MANIFEST).write_text(json.dumps(changed))
    assert run(production, monkeypatch, "verify") == 1
    assert "rows of users: 2 in the backup, 1 restored" in capsys.readouterr().err
    damaged = made.folder / backups.DATABASE
    damaged.write_bytes(damaged.read_bytes()[:-100])
    assert run(production, monkeypatch, "verify") == 1
    assert "is not what was written" in capsys.readouterr().err


def test_a_restore_leaves_a_system_in_use_alone(
    production: Production, programs: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(production, monkeypatch, "backup")
    with connected(production.settings.database_url):
        assert run(production, monkeypatch, "restore", "--yes") == 1
    assert "is in use (powerbank-manage)" in capsys.readouterr().err


def test_nobody_without_the_key_reads_a_backup(
    production: Production, programs: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run(production, monkeypatch, "backup")
    (made,) = backups.find_backups(production.settings.backup_dir)
    assert not any(b"PGDMP" in each.read_bytes() for each in made.folder.iterdir())
    assert made.folder.stat().st_mode & 0o077 == 0
    other = tmp_path / "other.key"
    subprocess.run(["age-keygen", "-o", other], check=True, capture_output=True)
    production.environment["BACKUP_KEY"] = str(other)
    assert run(production, monkeypatch, "verify") == 1


def test_a_backup_that_cannot_be_encrypted_is_not_made(
    production: Production, programs: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    production.environment["BACKUP_RECIPIENTS"] = "/nowhere"
    assert run(production, monkeypatch, "backup") == 1
    assert "age-keygen" in capsys.readouterr().err
    assert backups.find_backups(production.settings.backup_dir) == []


def test_backups_are_kept_by_days_weeks_and_months(tmp_path: Path) -> None:
    now = datetime(2026, 11, 30, 20, 30, tzinfo=UTC)
    for days in range(400):
        folder = tmp_path / (now - timedelta(days=days)).strftime(backups.NAME)
        folder.mkdir()
        (folder / backups.MANIFEST).write_text("{}")
    proven = (now - timedelta(days=399)).strftime(backups.NAME)
    backups.forget_old(tmp_path, "7,5,12", proven=proven)
    kept = [each.taken_at for each in backups.find_backups(tmp_path)]
    assert [each for each in kept if now - each < timedelta(days=7)] == [now - timedelta(days=6 - n) for n in range(7)]
    assert {f"{each:%Y-%m}" for each in kept[1:]} == {"2025-12", *(f"2026-{month:02}" for month in range(1, 12))}
    assert kept[0].strftime(backups.NAME) == proven
    assert len(kept) == 7 + 4 + 11 + 1 - 1
    assert backups.forget_old(tmp_path, "7,5,12", proven=proven) == []


@pytest.mark.parametrize(
    "address",
    ["postgresql://me@/real?host=/run", "postgresql:///real?dbname=real&user=me", "postgresql:///?dbname=real"],
)
def test_the_scratch_database_is_never_the_real_one(address: str) -> None:
    """PostgreSQL's client takes `?dbname=` before what stands in the path."""
    assert parse_dsn(with_database(address, "scratch"))["dbname"] == "scratch"
    assert parse_dsn(with_database(address, "scratch")).get("user") == parse_dsn(address).get("user")
