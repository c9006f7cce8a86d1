"""Logs are one JSON object a line in production, and hold no secrets and no personal data."""

import json
import logging

import pytest
import structlog

from powerbank import logs

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
        "sita@example.com", CANARIES["phone"], CANARIES["access_token"],
    )  # fmt: skip
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
