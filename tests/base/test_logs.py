"""Logs are one JSON object a line in production, and hold no secrets and no personal data."""

import json
import logging

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base import logs

CANARIES = {
    "password": "hunter2hunter2",
    "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "code": "482913",
    "phone": "+9779812345678",
    "citizenship_number": "27-01-70-12345",
}


@pytest.fixture(autouse=True)
def _restore() -> object:
    yield
    logs.configure("console", "WARNING")


def test_a_line_is_json_with_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "INFO")
    structlog.get_logger("powerbank.test").info("rental started", rental="r1")
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "rental started"
    assert (line["rental"], line["level"], line["logger"]) == ("r1", "info", "powerbank.test")
    assert line["timestamp"].endswith("Z")


def test_secrets_are_left_out_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "INFO")
    structlog.get_logger().info(
        "asked", **CANARIES, nested={"phone": CANARIES["phone"], "body": {"password": "hunter2hunter2"}}
    )
    written = capsys.readouterr().err
    assert [value for value in CANARIES.values() if value in written] == []


def test_secrets_are_left_out_of_free_text(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "INFO")
    logging.getLogger("somebody.else").warning(
        "mail to %s or %s failed with Bearer %s at redis://user:hunter2@host/0",
        "sita@example.com",
        CANARIES["phone"],
        CANARIES["access_token"],
    )
    written = capsys.readouterr().err
    for secret in ("sita@example.com", CANARIES["phone"], CANARIES["access_token"], "hunter2"):
        assert secret not in written


def test_secrets_are_left_out_of_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "INFO")
    try:
        int(f"cannot send to {CANARIES['phone']}")
    except ValueError:
        structlog.get_logger().exception("failed")
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert CANARIES["phone"] not in written


@pytest.mark.parametrize("before", ["", "token=", "\\n", "host.name.", "'"])
def test_a_token_is_found_wherever_it_stands(before: str) -> None:
    """In the repr of a text a line's end is a letter like others."""
    found = logs.redact_text(f"refused {before}{CANARIES['access_token']}, twice")
    assert CANARIES["access_token"].rpartition(".")[0] not in found
    assert found.endswith("[token], twice")


@pytest.mark.parametrize("place", [0, 8_170, 8_190, 30_000])
@pytest.mark.parametrize("secret", [CANARIES["access_token"], "sita@example.com", "redis://user:hunter2@host/0"])
def test_what_is_written_of_a_long_text_holds_no_half_of_a_secret(place: int, secret: str) -> None:
    text = "x " * (place // 2) + secret + " y" * 20_000
    found = logs.redact_text(text)
    assert len(found) < 20_000
    assert not any(part in found for part in (secret[-10:], "hunter2", "eyJ", "sita@"))
    assert found.endswith(" y")


def test_the_rule_of_a_route_is_written_and_not_what_was_sent(
    app: Flask, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("json", "INFO")
    client.get("/api/stations/some-number")
    client.get("/nowhere/" + "a" * 4000)
    known, unknown = (json.loads(line)["path"] for line in capsys.readouterr().err.splitlines() if '"request"' in line)
    assert known == "/api/stations/<sn>"
    assert unknown == ("/nowhere/" + "a" * 4000)[:200]
