"""A payout is sent once. What nobody answered is asked for, and is paid or given back by what the provider says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import jobs.payouts
from powerbank.base.db import utcnow
from powerbank.integrations.khalti_service import client as khalti_service
from powerbank.integrations.npi import client as npi
from scripts.sandbox import Sandbox
from tests.dying import Mortality
from tests.payouts.conftest import BY_HAND, WALLET, PlainRun, books, only_payout, payouts
from tests.people import Headers, change, rows

Fixture = Callable[..., Any]
NOW = timedelta(0)


@pytest.fixture
def asks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let providers be asked at once, and be believed that they have nothing."""
    monkeypatch.setattr(npi, "ASK_AFTER", NOW)
    monkeypatch.setattr(khalti_service, "ASK_AFTER", NOW)
    monkeypatch.setattr("powerbank.payouts.sending.outcomes.SOON", NOW)


def taken(app: Flask, code: str) -> list[str]:
    """Ask the bank under which keys it has taken a payout."""
    provider = app.extensions["payout_providers"]["npi"]
    answer = provider._post("getcipstxnlistbydate", {})
    keys = [] if answer.status == 404 else [line["instructionId"] for line in answer.json()]
    return [key for key in keys if key.startswith(code)]


def test_a_payout_goes_to_the_bank_and_its_owners_hear_of_it(
    app: Flask,
    client: FlaskClient,
    finance: Headers,
    payee: Fixture,
    run_payouts: Fixture,
    sandbox: Sandbox,
    people: Any,
    work: Callable[..., None],
) -> None:
    sita = people.join("sita", "sita@example.com")
    bakery = payee("Bakery", 100_000)
    invite = {"email": "sita@example.com", "role": "owner"}
    client.post(f"/api/admin/partners/{bakery}/members", json=invite, headers=finance)
    run_payouts()
    [shown] = client.get("/api/admin/payouts", headers=finance).get_json()["items"]
    assert (shown["status"], shown["amount"], shown["provider"]) == ("paid", "1000.00", "npi")
    assert (shown["payee"]["name"], shown["account"], shown["approved_by"]) == ("Bakery", "••••9012", "policy")
    assert books(app) == {"gateway_clearing": 100_000}
    assert taken(app, shown["code"]) == [shown["code"]]
    told = client.get("/api/notifications", headers=sita.headers).get_json()["items"]
    assert [each["type"] for each in told] == ["payout_sent"]
    assert "0123456789012" not in str(rows(app, "SELECT * FROM payout_accounts"))


@pytest.mark.usefixtures("asks_at_once")
@pytest.mark.parametrize("account", ["bank", "khalti"])
@pytest.mark.parametrize(
    ("faults", "status"),
    [
        (("timeout_taken", "timeout_after_taking"), "paid"),
        (("timeout_not_taken", "timeout_not_taken"), "paid"),
        (("under_way_then_paid", "processing_then_success"), "paid"),
        (("under_way_then_rejected", "processing_then_failed"), "failed"),
        (("credit_rejected", "no_such_user"), "failed"),
        (("refused", "no_credit"), "failed"),
        (("paid_by_code", "timeout_after_taking"), "paid"),
        (("deferred_then_paid_by_code", "processing_then_success"), "paid"),
        (("refused_by_code", "processing_then_failed"), "failed"),
        (("timeout_by_code_then_paid", "timeout_after_taking"), "paid"),
        (("stays_under_way", "stays_processing"), "processing"),
    ],
)
def test_whatever_a_provider_does_money_goes_once_or_comes_back(
    app: Flask,
    payee: Fixture,
    run_payouts: Fixture,
    sandbox: Sandbox,
    account: str,
    faults: tuple[str, str],
    status: str,
) -> None:
    if account == "khalti":
        payee("Bakery", 100_000, account=WALLET)
        sandbox.faults.set("khalti_service", faults[1], times=1, seconds=0)
    else:
        payee("Bakery", 100_000)
        sandbox.faults.set("npi", faults[0], times=1)
    run_payouts()
    for _ in range(2):
        change(app, "UPDATE payouts SET sent_at = now() - interval '1 hour' WHERE sent_at IS NOT NULL")
        with app.app_context():
            jobs.payouts.follow_payout(PlainRun(), payout_id=str(only_payout(app).id))
    assert payouts(app) == [("Bakery", 100_000, status)]
    moved = {"paid": {"gateway_clearing": 100_000}, "failed": {"partner_payable": 100_000}}
    assert books(app) == moved.get(status, {"payout_clearing": 100_000})


def test_what_nobody_answered_is_unknown_and_is_not_sent_under_another_key(
    app: Flask,
    client: FlaskClient,
    finance: Headers,
    boss: Headers,
    payee: Fixture,
    run_payouts: Fixture,
    sandbox: Sandbox,
) -> None:
    payee("Bakery", 100_000)
    sandbox.faults.set("npi", "timeout_not_taken", times=1)
    run_payouts()
    payout = only_payout(app)
    assert payout.status == "unknown"
    address = f"/api/admin/payouts/{payout.id}"
    for act in ("retry", "cancel", "hold"):
        answer = client.post(f"{address}/{act}", json={"reason": "because"}, headers=finance)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "payout_state"), act
    decided = {"result": "failed", "reference": "B-1", "reason": "The bank has nothing"}
    assert client.post(f"{address}/outcome", json=decided, headers=finance).status_code == 403, "who asked for the run"
    assert client.post(f"{address}/outcome", json=decided, headers=boss).get_json()["status"] == "failed"
    assert books(app) == {"partner_payable": 100_000}


@pytest.mark.usefixtures("asks_at_once")
def test_a_bank_that_refuses_our_sign_in_has_not_refused_what_it_may_have(
    app: Flask, payee: Fixture, run_payouts: Fixture, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    payee("Bakery", 100_000)
    sandbox.faults.set("npi", "timeout_taken", times=1)
    run_payouts()
    payout, provider = only_payout(app), app.extensions["payout_providers"]["npi"]
    with monkeypatch.context() as changed, app.app_context():
        changed.setattr(provider, "_password", "of last month")
        changed.setattr(provider, "_tokens", None)
        jobs.payouts.follow_payout(PlainRun(), payout_id=str(payout.id))
    assert payouts(app) == [("Bakery", 100_000, "unknown")]
    assert books(app) == {"payout_clearing": 100_000}
    with app.app_context():
        jobs.payouts.follow_payout(PlainRun(), payout_id=str(payout.id))
    assert payouts(app) == [("Bakery", 100_000, "paid")]


@pytest.mark.usefixtures("asks_at_once")
def test_what_was_paid_and_comes_back_is_heard_of_though_the_bank_was_away(
    app: Flask, payee: Fixture, run_payouts: Fixture, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    payee("Bakery", 100_000)
    sandbox.faults.set("npi", "paid_then_rejected", times=1)
    run_payouts()
    change(
        app, "UPDATE outbox_jobs SET state = 'done', finished_at = now(), unique_key = NULL WHERE job = 'follow_payout'"
    )
    payout, provider = only_payout(app), app.extensions["payout_providers"]["npi"]
    with monkeypatch.context() as away, app.app_context():
        away.setattr(provider, "_url", "http://127.0.0.1:9")
        jobs.payouts.follow_payout(PlainRun(), payout_id=str(payout.id))
    waiting = "SELECT run_after - now() AS left FROM outbox_jobs WHERE job = 'follow_payout' AND state = 'open'"
    [waits] = rows(app, waiting)
    assert timedelta(minutes=59) < waits.left <= timedelta(hours=1)
    with app.app_context():
        jobs.payouts.follow_payout(PlainRun(), payout_id=str(payout.id))
    assert payouts(app) == [("Bakery", 100_000, "returned")]


@pytest.mark.usefixtures("asks_at_once")
def test_what_was_paid_and_comes_back_is_payable_again(
    app: Flask, payee: Fixture, run_payouts: Fixture, sandbox: Sandbox
) -> None:
    payee("Bakery", 100_000)
    sandbox.faults.set("npi", "paid_then_rejected", times=1)
    run_payouts()
    assert payouts(app) == [("Bakery", 100_000, "paid")]
    [waits] = rows(app, "SELECT run_after - now() AS left FROM outbox_jobs WHERE job = 'follow_payout'")
    assert timedelta(hours=11) < waits.left <= timedelta(hours=12), "the bank is asked once more"
    with app.app_context():
        jobs.payouts.follow_payout(PlainRun(), payout_id=str(only_payout(app).id))
    assert payouts(app) == [("Bakery", 100_000, "returned")]
    assert books(app) == {"partner_payable": 100_000}
    run_payouts()
    assert payouts(app)[1:] == [("Bakery", 100_000, "paid")]


@pytest.mark.usefixtures("asks_at_once")
def test_what_was_paid_is_not_sent_again_where_the_bank_has_forgotten_it(
    app: Flask, payee: Fixture, run_payouts: Fixture, sandbox: Sandbox
) -> None:
    payee("Bakery", 100_000)
    run_payouts()
    payout = only_payout(app)
    sandbox.reset()
    with app.app_context():
        jobs.payouts.follow_payout(PlainRun(), payout_id=str(payout.id))
    assert taken(app, payout.code) == []
    assert payouts(app) == [("Bakery", 100_000, "paid")]
    assert books(app) == {"gateway_clearing": 100_000}


def test_nothing_is_sent_to_an_account_that_was_replaced(
    context: Flask, payee: Fixture, open_account: Fixture, run_payouts: Fixture, sandbox: Sandbox
) -> None:
    bakery = payee("Bakery", 100_000)
    jobs.payouts.run_payouts(PlainRun(), slot=utcnow().isoformat())
    payout = only_payout(context)
    change(context, "UPDATE payout_accounts SET status = 'replaced'")
    jobs.payouts.send_payout(PlainRun(), payout_id=str(payout.id))
    assert payouts(context) == [("Bakery", 100_000, "cancelled")]
    assert taken(context, payout.code) == []
    assert books(context) == {"partner_payable": 100_000}
    open_account(bakery)
    run_payouts()
    assert payouts(context)[1:] == [("Bakery", 100_000, "paid")]


def test_what_failed_is_not_tried_again_before_a_new_account_has_cooled_off(
    app: Flask,
    client: FlaskClient,
    finance: Headers,
    payee: Fixture,
    open_account: Fixture,
    run_payouts: Fixture,
    sandbox: Sandbox,
) -> None:
    bakery = payee("Bakery", 100_000)
    sandbox.faults.set("npi", "refused", times=1)
    run_payouts()
    account_id = open_account(bakery, cooled=False)
    address = f"/api/admin/payouts/{only_payout(app).id}/retry"
    early = client.post(address, json={"reason": "other account"}, headers=finance)
    assert (early.status_code, early.get_json()["code"]) == (409, "account_cooling_off")
    change(app, "UPDATE payout_accounts SET usable_from = now() WHERE status = 'confirmed'")
    assert client.post(address, json={"reason": "other account"}, headers=finance).status_code == 200
    assert str(only_payout(app).account_id) == account_id


def test_staff_are_told_once_of_what_takes_a_day(
    app: Flask, payee: Fixture, run_payouts: Fixture, work: Callable[..., None]
) -> None:
    payee("Bakery", 100_000, account=BY_HAND)
    run_payouts()
    change(app, "UPDATE payouts SET sent_at = now() - interval '25 hours'")
    for _ in range(2):
        with app.app_context():
            jobs.payouts.check_under_way(now=utcnow())
        work("critical", "payments")
    [notice] = rows(app, "SELECT count(*) AS told FROM staff_notices WHERE type = 'payout_stuck'")
    assert notice.told == 1


@pytest.mark.usefixtures("asks_at_once")
@pytest.mark.parametrize("fault", [None, "timeout_taken", "timeout_not_taken", "under_way_then_paid"])
def test_a_worker_that_is_killed_anywhere_pays_once(
    context: Flask,
    payee: Fixture,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    fault: str | None,
) -> None:
    """It is killed at each moment from the note that it is sent to the note of the answer, and begun again."""
    payee("Bakery", 100_000)
    jobs.payouts.run_payouts(PlainRun(), slot=utcnow().isoformat())
    payout = only_payout(context)
    mortality = Mortality(monkeypatch)
    for lives in range(12):
        if fault and lives == 1:
            sandbox.faults.set("npi", fault, times=1)
        with mortality.within(lives):
            jobs.payouts.send_payout(PlainRun(), payout_id=str(payout.id))
        if mortality.left:
            break
    for _ in range(3):
        jobs.payouts.follow_payout(PlainRun(), payout_id=str(payout.id))
    assert sum(mortality.deaths.values()) >= 3
    assert taken(context, payout.code) == [payout.code], "the bank has it once"
    assert payouts(context) == [("Bakery", 100_000, "paid")]
    assert books(context) == {"gateway_clearing": 100_000}
