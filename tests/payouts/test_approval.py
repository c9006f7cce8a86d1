"""Two people decide of what is large, and nobody decides of their own."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.databases import execute
from tests.payouts.conftest import BY_HAND, books, only_payout, payouts
from tests.people import Headers, change, rows

Fixture = Callable[..., Any]
LARGE = 6_000_000


@pytest.fixture
def act(client: FlaskClient, app: Flask) -> Callable[..., Any]:
    """Do something with the only payout: `act("approve", boss)`."""

    def do(what: str, headers: Headers, **body: Any) -> Any:
        address = f"/api/admin/payouts/{only_payout(app).id}/{what}"
        return client.post(address, json=body if what != "approve" else None, headers=headers)

    return do


def test_a_large_payout_waits_for_a_second_person(
    app: Flask,
    finance: Headers,
    boss: Headers,
    payee: Fixture,
    run_payouts: Fixture,
    act: Fixture,
    work: Callable[..., None],
) -> None:
    payee("Bakery", LARGE)
    run_payouts()
    assert payouts(app) == [("Bakery", LARGE, "awaiting_approval")]
    assert books(app) == {"partner_payable": LARGE}
    own = act("approve", finance)
    assert (own.status_code, own.get_json()["code"]) == (403, "second_person_required")
    assert act("approve", boss).get_json()["status"] == "approved"
    assert books(app) == {"payout_clearing": LARGE}
    work("payments")
    assert payouts(app) == [("Bakery", LARGE, "paid")]
    assert act("approve", boss).status_code == 409


def test_nobody_approves_a_payout_to_somebody_that_they_belong_to(
    client: FlaskClient, finance: Headers, boss: Headers, payee: Fixture, run_payouts: Fixture, act: Fixture
) -> None:
    bakery = payee("Bakery", LARGE)
    invite = {"email": "superadmin@example.com", "role": "viewer"}
    client.post(f"/api/admin/partners/{bakery}/members", json=invite, headers=finance)
    run_payouts()
    assert act("approve", boss).status_code == 403


def test_nobody_says_that_their_own_payout_failed(
    app: Flask,
    client: FlaskClient,
    finance: Headers,
    boss: Headers,
    payee: Fixture,
    run_payouts: Fixture,
    act: Fixture,
) -> None:
    """It would be paid a second time."""
    bakery = payee("Bakery", 100_000, account=BY_HAND)
    run_payouts()
    invite = {"email": "superadmin@example.com", "role": "owner"}
    client.post(f"/api/admin/partners/{bakery}/members", json=invite, headers=finance)
    said = {"result": "failed", "reference": "C-1", "reason": "It did not arrive"}
    own = act("outcome", boss, **said)
    assert (own.status_code, own.get_json()["code"]) == (403, "second_person_required")
    assert payouts(app) == [("Bakery", 100_000, "processing")]
    change(app, "DELETE FROM partner_members")
    assert act("outcome", boss, **said).get_json()["status"] == "failed"


def test_held_released_and_cancelled(
    app: Flask, finance: Headers, boss: Headers, payee: Fixture, run_payouts: Fixture, act: Fixture
) -> None:
    payee("Bakery", LARGE)
    run_payouts()
    assert act("hold", finance).status_code == 422, "without a reason"
    assert act("hold", finance, reason="They ask us to wait").get_json()["status"] == "held"
    assert run_payouts()["skipped"][0]["reason"] == "held"
    assert act("release", finance, reason="They do not wait").get_json()["status"] == "awaiting_approval"
    assert act("cancel", finance, reason="Another bank").get_json()["status"] == "cancelled"
    assert act("release", finance).status_code == 409
    assert books(app) == {"partner_payable": LARGE}
    acts = [row.action for row in rows(app, "SELECT action FROM audit_log WHERE object_kind = 'payouts' ORDER BY id")]
    assert acts == ["payouts.run", "payouts.held", "payouts.run", "payouts.awaiting_approval", "payouts.cancelled"]


def test_an_approval_that_is_held_gives_the_money_back_and_is_given_again(
    app: Flask,
    finance: Headers,
    boss: Headers,
    payee: Fixture,
    run_payouts: Fixture,
    act: Fixture,
    work: Callable[..., None],
) -> None:
    payee("Bakery", LARGE)
    run_payouts()
    act("approve", boss)
    act("hold", finance, reason="Wait a moment")
    assert books(app) == {"partner_payable": LARGE}
    work("payments")
    act("release", finance)
    act("approve", boss)
    work("payments")
    assert payouts(app) == [("Bakery", LARGE, "paid")]


def test_a_failed_payout_is_tried_again_under_another_key_and_approved_again(
    app: Flask,
    finance: Headers,
    boss: Headers,
    payee: Fixture,
    run_payouts: Fixture,
    act: Fixture,
    sandbox: Any,
    work: Callable[..., None],
) -> None:
    payee("Bakery", 100_000)
    sandbox.faults.set("npi", "credit_rejected", times=3)
    run_payouts()
    for _ in range(3):  # each attempt is a batch of its own at the bank, which takes a name once
        assert payouts(app) == [("Bakery", 100_000, "failed")]
        assert act("retry", finance).get_json()["status"] == "awaiting_approval"
        assert act("approve", boss).status_code == 200
        work("payments")
    assert payouts(app) == [("Bakery", 100_000, "paid")]
    assert books(app) == {"gateway_clearing": 100_000}


def test_by_hand_a_second_person_says_that_it_was_paid(
    app: Flask, finance: Headers, boss: Headers, payee: Fixture, run_payouts: Fixture, act: Fixture
) -> None:
    payee("Bakery", 100_000, account=BY_HAND)
    run_payouts()
    assert payouts(app) == [("Bakery", 100_000, "processing")]
    assert act("outcome", finance, result="paid", reference="C-1").status_code == 403
    assert act("outcome", boss, result="paid").status_code == 422, "without a reference"
    paid = act("outcome", boss, result="paid", reference="C-1").get_json()
    assert (paid["status"], paid["reference"]) == ("paid", "C-1")
    assert act("outcome", boss, result="failed", reference="C-1").status_code == 409


def test_of_a_scheduled_payout_by_hand_two_people_say_the_same(
    app: Flask, finance: Headers, boss: Headers, payee: Fixture, run_payouts: Fixture, act: Fixture
) -> None:
    """A schedule asked for it and the policy approved it, so nobody is known to have paid."""
    payee("Bakery", 100_000, account=BY_HAND)
    run_payouts()
    change(app, "UPDATE payout_runs SET asked_by = 'schedule'")
    first = act("outcome", finance, result="failed", reference="C-1").get_json()
    assert (first["status"], first["outcome_said"]) == ("processing", "failed")
    corrected = act("outcome", finance, result="paid", reference="C-2").get_json()
    assert (corrected["status"], corrected["outcome_said"], corrected["reference"]) == ("processing", "paid", "C-2")
    for said in ({"result": "failed", "reference": "C-2"}, {"result": "paid", "reference": "C-1"}):
        other = act("outcome", boss, **said).get_json()
        assert (other["status"], other["outcome_said"]) == ("processing", said["result"]), "it counts as the first word"
        again = act("outcome", boss, **said).get_json()
        assert again["status"] == "processing", "nobody agrees with themselves"
    assert books(app) == {"payout_clearing": 100_000}
    paid = act("outcome", finance, result="paid", reference="C-1").get_json()
    assert (paid["status"], paid["outcome_said"]) == ("paid", None)
    assert books(app) == {"gateway_clearing": 100_000}
    told = rows(app, "SELECT actor FROM audit_log WHERE action IN ('payouts.outcome_said', 'payouts.paid') ORDER BY id")
    asks, checks = told[0].actor, told[2].actor
    assert [row.actor for row in told] == [asks, asks, checks, checks, checks, checks, asks]
    assert asks != checks


def test_roles(client: FlaskClient, staff_headers: Fixture) -> None:
    for role in ("viewer", "support", "operations"):
        assert client.get("/api/admin/payouts", headers=staff_headers(role)).status_code == 403, role


def test_the_database_refuses_moves_and_changes_of_what_is_paid(
    app: Flask, environment: dict[str, str], payee: Fixture, run_payouts: Fixture
) -> None:
    payee("Bakery", 100_000)
    run_payouts()
    owner = environment["DATABASE_OWNER_URL"]
    for statement in (
        "UPDATE payouts SET status = 'approved', paid_at = NULL",
        "UPDATE payouts SET amount = amount + 1",
        "DELETE FROM payouts",
    ):
        with pytest.raises(Exception, match=r"does not go|does not change|append-only"):
            execute(owner, statement)
    change(app, "UPDATE payouts SET said = 'something'")
