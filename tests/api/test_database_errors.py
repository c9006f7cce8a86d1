"""What the database refuses is the caller's mistake only where somebody foresaw it. All else is ours."""

import ast
import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg2.errors import ForeignKeyViolation
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from powerbank.base import logs
from powerbank.base.database_errors import already_exists_error, in_use_error, is_away, refusing_on
from powerbank.base.db import db, new_id, read_alone, transaction
from tests.api.test_problems import check

CANARY = "sita.canary@example.com"
COUNTRY = "INSERT INTO countries (id, code, name, dial_code, currency, active) VALUES "
STATEMENTS = {
    "ck_countries_code": f"{COUNTRY} (:id, '{CANARY}', 'x', '+1', 'NPR', true)",
    "": f"{COUNTRY} (:id, NULL, '{CANARY}', '+1', 'NPR', true)",
    "uq_countries_code": f"{COUNTRY} (:id, 'NP', '{CANARY}', '+1', 'NPR', true)",
    "fk_avatars_user_id_users": f"INSERT INTO avatars (user_id, key, content) VALUES (:id, '{CANARY}', '')",
    "DatetimeFieldOverflow": "SELECT 1 FROM countries WHERE now() > '2026-99-99'",
    "InvalidTextRepresentation": f"SELECT 1 FROM countries WHERE id = '{CANARY}'",
    "UndefinedTable": f"SELECT '{CANARY}' FROM nowhere",
}


@pytest.fixture
def logged(client: FlaskClient) -> Iterator[Callable[[], str]]:
    logs.configure("json", "INFO")
    (handler,) = (each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler)
    written = io.StringIO()
    handler.setStream(written)
    yield written.getvalue
    logs.configure("console", "WARNING")


def run(statement: str) -> None:
    with transaction() as session:
        session.execute(text(f"{COUNTRY} (:id, 'NP', 'Nepal', '+977', 'NPR', true)"), {"id": new_id()})
        session.execute(text(statement), {"id": new_id()})


@pytest.mark.parametrize("named", STATEMENTS)
def test_an_unforeseen_refusal_is_a_500_and_the_log_names_the_constraint(
    probe: FlaskClient, probe_app: Flask, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setitem(probe_app.view_functions, "probes.broken", lambda: run(STATEMENTS[named]))
    answer = probe.get("/probe/broken")
    check(answer, 500, "internal_error")
    [line] = [each for each in map(json.loads, logged().splitlines()) if each["level"] == "error"]
    assert named in (line["constraint"] or "", line["error"])
    assert "test_database_errors.py" in line["stack"], "where we asked for it"
    assert CANARY not in logged() + answer.text
    assert not named or named not in answer.text


@pytest.mark.parametrize(
    ("statement", "code"),
    [(STATEMENTS["uq_countries_code"], "already_exists"), (STATEMENTS["fk_avatars_user_id_users"], "in_use")],
)
def test_a_foreseen_refusal_is_an_error_of_the_caller(
    probe: FlaskClient, probe_app: Flask, monkeypatch: pytest.MonkeyPatch, statement: str, code: str
) -> None:
    def foreseeing() -> None:
        with refusing_on({"uq_countries_code": already_exists_error(), ForeignKeyViolation: in_use_error()}):
            run(statement)

    monkeypatch.setitem(probe_app.view_functions, "probes.broken", foreseeing)
    check(probe.get("/probe/broken"), 409, code)
    with probe_app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM countries")) == 0, "all of it was rolled back"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (psycopg2.DatabaseError("server closed the connection unexpectedly"), 503),
        (psycopg2.DatabaseError("error with status PGRES_TUPLES_OK and no message from the libpq"), 503),
        (psycopg2.OperationalError(), 503),
        (psycopg2.InterfaceError("connection already closed"), 503),
        (psycopg2.ProgrammingError("can't adapt type 'object'"), 500),
    ],
    ids=str,
)
def test_a_driver_error_without_a_code_means_that_the_database_is_away(
    probe: FlaskClient, probe_app: Flask, monkeypatch: pytest.MonkeyPatch, error: psycopg2.Error, status: int
) -> None:
    def broken() -> None:
        raise DBAPIError.instance("SELECT 1", None, error, psycopg2.Error)

    monkeypatch.setitem(probe_app.view_functions, "probes.broken", broken)
    answer = probe.get("/probe/broken")
    check(answer, status, "unavailable" if status == 503 else "internal_error")
    assert answer.headers.get("Retry-After") == ("5" if status == 503 else None)


# It takes no writes; files, disk, memory; damaged pages and indexes.
TROUBLE = ("25006", "58P01", "58030", "53100", "53200", "XX001", "XX002")


def raised_by_the_server(sqlstate: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION '{CANARY}' USING ERRCODE = '{sqlstate}'; END $$"


@pytest.mark.parametrize("read", [lambda: run, lambda: lambda said: read_alone(text(said), {})], ids=["run", "alone"])
@pytest.mark.parametrize(
    ("sqlstate", "status"), [*((sqlstate, 503) for sqlstate in TROUBLE), ("XX000", 500), ("P0001", 500)]
)
def test_a_server_in_trouble_is_away_whatever_it_was_asked(
    probe: FlaskClient,
    probe_app: Flask,
    logged: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    read: Callable[[], Callable[[str], object]],
    sqlstate: str,
    status: int,
) -> None:
    monkeypatch.setitem(probe_app.view_functions, "probes.broken", lambda: read()(raised_by_the_server(sqlstate)))
    answer = probe.get("/probe/broken")
    check(answer, status, "unavailable" if status == 503 else "internal_error")
    assert answer.headers.get("Retry-After") == ("5" if status == 503 else None)
    [line] = [each for each in map(json.loads, logged().splitlines()) if each["level"] == "error"]
    assert line["sqlstate"] == sqlstate
    assert CANARY not in logged() + answer.text


@pytest.mark.parametrize("kind", [psycopg2.DatabaseError, psycopg2.OperationalError])
def test_the_code_decides_whatever_class_the_driver_chose(kind: type[psycopg2.Error]) -> None:
    """A job is kept for later while files cannot be read, and ends as a dead letter where a page is damaged."""

    def told(sqlstate: str) -> bool:
        error = type("Told", (kind,), {"pgcode": sqlstate})("x")
        return is_away(DBAPIError.instance("SELECT 1", None, error, psycopg2.Error))

    assert [told(sqlstate) for sqlstate in TROUBLE] == [True] * 5 + [False] * 2


def test_constraints_are_told_in_one_way_only() -> None:
    root = Path(__file__).parents[2] / "powerbank"
    catches = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and node.type is not None and "IntegrityError" in ast.unparse(node.type)
    ]
    assert catches == ["base/database_errors.py"]
