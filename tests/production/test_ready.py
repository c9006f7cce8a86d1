"""The checklist before the first customer tells what is wrong from what nobody has tried."""

from datetime import timedelta

import pytest
from flask import Flask
from pydantic import SecretStr

from config import Settings
from powerbank.base.db import transaction, utcnow
from powerbank.ops.machinery import maintenance
from powerbank.ops.models import MaintenanceKind
from scripts.check_stack import BadPartError, Check
from scripts.production import ready
from scripts.production.ready import NotTriedError
from scripts.sandbox.server import Sandbox


@pytest.fixture
def settings(context: Flask) -> Settings:
    found: Settings = context.config["SETTINGS"]
    return found


def fail(error: Exception) -> Check:
    def run(settings: Settings) -> str:
        raise error

    return Check("a check", run)


def test_what_was_never_tried_is_neither_good_nor_bad(settings: Settings) -> None:
    checks = (
        Check("well", lambda settings: "as it should be"),
        fail(BadPartError("it is broken; mend it")),
        fail(NotTriedError("top up a little")),
        fail(OSError("away")),
    )
    said: list[str] = []
    assert ready.run_checks(checks, settings, said.append) == (2, 1)
    assert [line.split()[0] for line in said] == ["ok", "BAD", "?", "BAD"]
    assert said[1].endswith("it is broken; mend it")


def test_gateways_that_answer_are_told_from_those_that_do_not(settings: Settings, sandbox: Sandbox) -> None:
    assert ready.gateways(settings) == "khalti, esewa, stripe answer"
    with pytest.raises(BadPartError, match="no payment gateway is set"):
        ready.gateways(
            settings.model_copy(update={"khalti_url": None, "esewa_form_url": None, "stripe_secret": SecretStr("")})
        )
    wrong = settings.model_copy(update={"khalti_url": "http://127.0.0.1:9"})
    with pytest.raises(BadPartError, match="khalti does not answer"):
        ready.gateways(wrong)


def test_a_restore_counts_for_a_day_and_a_half(settings: Settings) -> None:
    with pytest.raises(BadPartError, match="was ever proven"):
        ready.restores(settings)
    note(age=timedelta(hours=40))
    with pytest.raises(BadPartError, match="40 hours old"):
        ready.restores(settings)
    note(age=timedelta(hours=2))
    assert ready.restores(settings) == "proven 2.0 hours ago"


def note(*, age: timedelta) -> None:
    at = utcnow() - age
    with transaction():
        maintenance.note_run(
            MaintenanceKind.RESTORE_DRILL, version="1", started_at=at, finished_at=at, succeeded=True, detail=""
        )


def test_nobody_has_paid_yet(settings: Settings) -> None:
    for check in (ready.first_payment, ready.first_station, ready.webhooks):
        with pytest.raises(NotTriedError):
            check(settings)
    with pytest.raises(BadPartError, match="staff ensure"):
        ready.administrator(settings)


def test_an_address_without_tls_is_not_ready(settings: Settings) -> None:
    with pytest.raises(BadPartError, match="needs https"):
        ready.tls(settings.model_copy(update={"public_url": "http://example.com"}))
    with pytest.raises(BadPartError, match="does not answer"):
        ready.tls(settings.model_copy(update={"public_url": "https://127.0.0.1:9"}))
