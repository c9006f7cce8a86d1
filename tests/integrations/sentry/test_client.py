"""What Sentry is told: errors with their request and job, and nothing of people."""

import sys
import traceback

import pytest
import structlog

from config import ConfigurationError, load
from powerbank import create_app
from powerbank.integrations.sentry.client import clean


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no database."""


def event() -> dict[str, object]:
    return {
        "event_id": "9f8a7b6c5d4e9f8a7b6c5d4e9f8a7b6c",
        "timestamp": "2026-11-30T21:00:00.000000Z",
        "request": {"url": "https://example.com/api/users/me", "headers": {"Authorization": "Bearer abcdefgh"}},
        "user": {"ip_address": "203.0.113.7"},
        "server_name": "host-1",
        "breadcrumbs": {"values": [{"message": "SELECT 1"}]},
        "exception": {"values": [{"type": "ValueError", "value": "no account for sita@example.com, +977 9841234567"}]},
        "logentry": {"message": "told", "params": ["key abcdefghij", 5]},
    }


def test_an_event_has_its_request_and_nothing_of_people() -> None:
    with structlog.contextvars.bound_contextvars(request_id="tap-1", job="send_sms", outbox_id=None):
        told = clean(event(), {})
    assert told["tags"] == {"request_id": "tap-1", "job": "send_sms"}
    assert told["exception"] == {"values": [{"type": "ValueError", "value": "no account for [email], [number]"}]}
    assert told["logentry"] == {"message": "told", "params": ["key [token]", 5]}
    assert told["event_id"] == "9f8a7b6c5d4e9f8a7b6c5d4e9f8a7b6c"
    assert not {"request", "user", "server_name", "breadcrumbs"} & told.keys()


def test_a_missing_package_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    settings = load({"DATABASE_URL": "postgresql://app@db/powerbank", "SENTRY_DSN": "https://key@sentry.example.com/1"})
    with pytest.raises(ConfigurationError, match="requirements-sentry") as refused:
        create_app(settings, rules=False)
    assert "sentry.example.com" not in "".join(traceback.format_exception(refused.value))
