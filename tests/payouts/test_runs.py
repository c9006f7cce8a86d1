"""A run makes one payout for each payee with enough to be paid, and says why others get none."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

import jobs.payouts
from powerbank.base.clock import format_time
from powerbank.base.db import transaction, utcnow
from powerbank.ledger import sums
from powerbank.outbox.catalogue import payout_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.payouts import runs
from tests.dying import Mortality
from tests.nursery import wait_until
from tests.payouts.conftest import BY_HAND, PlainRun, books, payouts
from tests.people import Headers, change, rows

Fixture = Callable[..., Any]


def test_a_run_pays_what_is_payable_and_says_who_was_passed_over(
    app: Flask, venue: Fixture, earn: Fixture, open_account: Fixture, payee: Fixture, run_payouts: Fixture
) -> None:
    payee("Paid", 100_000)
    for name, amount in (("Poor", 49_999), ("Owing", -100), ("Homeless", 60_000)):
        earn(venue(name), amount)
    gone, warm = payee("Gone", 60_000), venue("Warm")
    earn(warm, 60_000)
    open_account(warm, cooled=False)
    change(app, "UPDATE partners SET active = false WHERE id = :id", id=gone)
    summary = run_payouts()
    assert (summary["created"], summary["total"], summary["failed"]) == (1, 6, 0)
    assert {each["payee"]["name"]: each["reason"] for each in summary["skipped"]} == {
        "Poor": "below_minimum",
        "Owing": "negative_balance",
        "Homeless": "no_confirmed_account",
        "Warm": "account_cooling_off",
        "Gone": "inactive",
    }
    assert payouts(app) == [("Paid", 100_000, "paid")]
    [notice] = rows(app, "SELECT count(*) AS told FROM staff_notices WHERE type = 'payout_run_finished'")
    assert notice.told == 1


def test_the_same_cutoff_again_changes_nothing_and_a_later_one_pays_the_rest(
    app: Flask, payee: Fixture, earn: Fixture, run_payouts: Fixture
) -> None:
    bakery, cutoff = payee("Bakery", 100_000), format_time(utcnow() + timedelta(milliseconds=1))
    first = run_payouts(cutoff=cutoff)
    earn(bakery, 70_000)
    assert run_payouts(cutoff=cutoff) == first
    assert payouts(app) == [("Bakery", 100_000, "paid")]
    run_payouts()
    assert payouts(app) == [("Bakery", 100_000, "paid"), ("Bakery", 70_000, "paid")]
    assert books(app) == {"gateway_clearing": 170_000}


def test_a_run_that_is_finished_stays_as_it_is(
    app: Flask, venue: Fixture, earn: Fixture, open_account: Fixture, run_payouts: Fixture
) -> None:
    """Whoever was passed over is paid by the next run, though the reason is gone when this one is repeated."""
    warm = venue("Warm")
    earn(warm, 60_000)
    cutoff = format_time(rows(app, "SELECT clock_timestamp() AS now")[0].now)
    open_account(warm, cooled=False)
    first = run_payouts(cutoff=cutoff)
    assert [each["reason"] for each in first["skipped"]] == ["account_cooling_off"]
    change(app, "UPDATE payout_accounts SET usable_from = now() - interval '1 minute'")
    assert run_payouts(cutoff=cutoff) == first
    assert payouts(app) == []
    run_payouts()
    assert payouts(app) == [("Warm", 60_000, "paid")]


def test_a_cutoff_leaves_out_what_came_later_and_what_a_later_run_has_paid(
    app: Flask, payee: Fixture, earn: Fixture, run_payouts: Fixture
) -> None:
    bakery = payee("Bakery", 100_000)
    earlier = format_time(rows(app, "SELECT clock_timestamp() AS now")[0].now)
    earn(bakery, 60_000)
    run_payouts(cutoff=earlier)
    assert payouts(app) == [("Bakery", 100_000, "paid")]
    run_payouts()
    assert payouts(app)[1:] == [("Bakery", 60_000, "paid")]
    between = format_time(utcnow() - timedelta(hours=1))
    assert run_payouts(cutoff=between)["created"] == 0


def test_a_cutoff_in_the_future_is_refused(client: FlaskClient, finance: Headers, app: Flask) -> None:
    cutoff = format_time(utcnow() + timedelta(minutes=5))
    answer = client.post("/api/admin/payouts/run", json={"cutoff": cutoff}, headers=finance)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "cutoff_in_future")
    assert rows(app, "SELECT 1 FROM payout_runs") == []


def test_an_open_payout_is_not_paid_a_second_time(
    app: Flask, payee: Fixture, earn: Fixture, run_payouts: Fixture
) -> None:
    bakery = payee("Bakery", 100_000, account=BY_HAND)
    run_payouts()
    earn(bakery, 80_000)
    assert run_payouts()["skipped"][0]["reason"] == "payout_open"
    assert payouts(app) == [("Bakery", 100_000, "processing")]


def test_the_schedule_runs_payouts_each_night(app: Flask, payee: Fixture, work: Callable[..., None]) -> None:
    payee("Bakery", 100_000)
    with app.app_context(), transaction():
        enqueue(payout_jobs.RUN_PAYOUTS, slot=utcnow().isoformat())
    work("payments")
    assert payouts(app) == [("Bakery", 100_000, "paid")]


def test_a_run_that_is_killed_at_any_commit_goes_on_to_the_same_payouts(
    context: Flask, payee: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "BATCH", 1)
    for name in ("Bakery", "Cafe"):
        payee(name, 100_000)
    slot, mortality = utcnow().isoformat(), Mortality(monkeypatch)
    for lives in range(25):
        with mortality.within(lives):
            jobs.payouts.run_payouts(PlainRun(), slot=slot)
        if mortality.left:
            break
    assert sum(mortality.deaths.values()) > 10
    found = rows(context, "SELECT payee_name, amount, status FROM payouts ORDER BY payee_name")
    assert [tuple(row) for row in found] == [("Bakery", 100_000, "approved"), ("Cafe", 100_000, "approved")]
    [run] = rows(context, "SELECT finished_at FROM payout_runs")
    assert run.finished_at is not None
    assert books(context) == {"payout_clearing": 200_000}


def test_postings_below_an_open_seal_are_not_settled(app: Flask, context: Flask, payee: Fixture) -> None:
    """A run that took them for settled would pay nothing while anybody else is at work."""
    payee("Bakery", 100_000)
    begun = utcnow()
    with app.extensions["sqlalchemy"].engine.connect() as other:
        other.execute(text("SELECT pg_current_xact_id()"))
        with transaction():
            sums.name_seal()
        with transaction():
            assert not sums.close_seal(now=utcnow())
            assert sums.find_settled_number(begun) is None
    wait_until(_close_seal, 30, "what other tests do in this server has ended too")
    with transaction():
        assert (sums.find_settled_number(begun) or 0) > 0


def _close_seal() -> bool:
    with transaction():
        return sums.close_seal(now=utcnow())
