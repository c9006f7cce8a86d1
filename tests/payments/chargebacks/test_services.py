"""Disputes, and refunds made at the gateway: what Stripe tells us, late, twice and in any order."""

from collections.abc import Callable

import pytest
import requests
from flask import Flask
from sqlalchemy import text

from jobs.worker.runtime import run
from powerbank.base.db import transaction, utcnow
from powerbank.ledger.movements import dues, topups
from powerbank.ledger.sources import Sources
from tests.ledger.conftest import balances, shared_balance
from tests.payments.conftest import Payer, Work
from tests.payments.steps import (
    asks,
    books_are_right,
    decide,
    happens,
    seen,
    spends,
    tells,
    the_user,
    topped_up,
    wallet,
)
from tests.people import change, rows

StaffHeaders = Callable[..., dict[str, str]]


def has(app: Flask) -> dict[str, int]:
    with app.app_context():
        return balances(the_user(app))


def test_a_dispute_takes_the_top_up_back_and_what_is_spent_is_owed(payer: Payer, app: Flask, work: Work) -> None:
    intent = topped_up(payer, "stripe")
    spends(app, 100_00)
    happens(payer, intent, "disputed")
    tells(payer, work, times=3)
    assert has(app) == {"dues_receivable": -100_00}
    with app.app_context():
        assert shared_balance("gateway_clearing") == 0
    listed = payer.client.get("/api/wallet/transactions?type=topup", headers=payer.headers).get_json()["items"]
    assert [item["status"] for item in listed] == ["refunded"]
    books_are_right(app)


@pytest.mark.parametrize(
    ("spent", "told"), [(0, ("topup_charged_back", "150.00")), (100_00, ("due_charged_back", "100.00"))]
)
def test_what_is_taken_back_is_told_once_with_what_is_to_pay(
    payer: Payer, app: Flask, work: Work, spent: int, told: tuple[str, str]
) -> None:
    intent = topped_up(payer, "stripe")
    if spent:
        spends(app, spent)
    happens(payer, intent, "disputed")
    tells(payer, work, times=3)
    work()
    found = [
        (row.type, row.context["amount"])
        for row in rows(app, "SELECT type, context FROM notices ORDER BY id")
        if row.type.endswith("charged_back")
    ]
    assert found == [told]


@pytest.mark.parametrize("spent", [0, 100_00, 150_00])
def test_a_dispute_that_is_won_gives_it_back(payer: Payer, app: Flask, work: Work, spent: int) -> None:
    intent = topped_up(payer, "stripe")
    if spent:
        spends(app, spent)
    before = has(app)
    happens(payer, intent, "disputed")
    tells(payer, work)
    happens(payer, intent, "dispute_won")
    tells(payer, work, times=2)
    assert has(app) == before
    with app.app_context():
        assert shared_balance("gateway_clearing") == -150_00
    books_are_right(app)
    work()
    told = rows(app, "SELECT body FROM notices WHERE type = 'topup_given_back'")
    assert [row.body for row in told] == [
        "NPR 150.00 of a top-up that was taken back came back. What you owed for it is paid first."
    ]


def test_a_due_of_a_dispute_that_was_paid_meanwhile_comes_back_as_money(payer: Payer, app: Flask, work: Work) -> None:
    intent = topped_up(payer, "stripe")
    spends(app, 150_00)
    happens(payer, intent, "disputed")
    tells(payer, work)
    topped_up(payer, "khalti", "60.00")
    pay_due(app, 40_00)
    happens(payer, intent, "dispute_won")
    tells(payer, work)
    assert has(app) == {"user_wallet": 60_00}  # 20 left of the second top-up, and the 40 that were paid
    books_are_right(app)


def pay_due(app: Flask, paisa: int) -> None:

    with app.app_context(), transaction() as session:
        due_id = session.scalar(text("SELECT id FROM ledger_dues"))
        dues.pay_due(due_id=due_id, sources=Sources(wallet=paisa), key="paid", actor="user", now=utcnow())


def test_a_lost_dispute_stays_taken(payer: Payer, app: Flask, work: Work) -> None:
    intent = topped_up(payer, "stripe")
    happens(payer, intent, "disputed")
    happens(payer, intent, "dispute_lost")
    tells(payer, work, shuffled=True, times=2)
    assert has(app) == {}
    books_are_right(app)


def test_told_of_the_end_before_the_beginning_nothing_is_taken(payer: Payer, app: Flask, work: Work) -> None:
    intent = topped_up(payer, "stripe")
    happens(payer, intent, "disputed")
    happens(payer, intent, "dispute_won")
    tells(payer, work, "charge.dispute.closed")
    tells(payer, work, "charge.dispute.created")
    assert has(app) == {"user_wallet": 150_00}
    books_are_right(app)


def test_a_dispute_that_is_told_before_the_payment_settles_it_and_takes_it(
    payer: Payer, app: Flask, work: Work
) -> None:
    intent = payer.begin("stripe")
    payer.pays(intent)
    happens(payer, intent, "disputed")
    tells(payer, work, "charge.dispute")
    assert payer.verify(intent) == "success"  # before anybody else told of it
    work("payments")
    assert has(app) == {}
    assert [row.state for row in rows(app, "SELECT state FROM gateway_events")] == ["processed"]
    books_are_right(app)


def test_refunds_made_in_the_portal_come_out_of_the_wallet_each_once(payer: Payer, app: Flask, work: Work) -> None:
    intent = topped_up(payer, "stripe")
    happens(payer, intent, "refunded", amount=30_00)
    tells(payer, work, times=2)
    assert has(app) == {"user_wallet": 120_00}
    happens(payer, intent, "refunded", amount=50_00)
    tells(payer, work, shuffled=True, times=2)
    assert has(app) == {"user_wallet": 70_00}
    books_are_right(app)


def test_a_portals_refund_in_another_currency_ends_with_the_last_paisa(
    payer: Payer, rates: None, app: Flask, work: Work
) -> None:
    intent = topped_up(payer, "stripe", "10.00", currency="USD")
    for cents in (333, 667):
        happens(payer, intent, "refunded", amount=cents)
        tells(payer, work, "refund.")
    assert has(app) == {}
    with app.app_context():
        assert shared_balance("gateway_clearing") == 0
    books_are_right(app)


def test_our_own_refund_told_by_event_is_taken_once(
    payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work
) -> None:
    payer.sandbox.faults.set("stripe", "refund_pending", times=1)
    intent, staff = topped_up(payer, "stripe"), staff_headers("finance")
    refund_id = asks(payer, intent["transaction_id"]).get_json()["id"]
    decide(payer, staff, refund_id, "approve")
    work("payments")
    [row] = rows(app, "SELECT gateway_reference FROM refunds")
    url = f"{payer.sandbox.url}/api/gateways/stripe/refunds/{row.gateway_reference}/outcome"
    assert requests.post(url, json={"outcome": "completed"}, timeout=10).status_code == 200
    tells(payer, work, times=2, shuffled=True)
    assert seen(payer, refund_id)["status"] == "completed"
    assert wallet(payer) == ("0.00", "0.00")
    assert rows(app, "SELECT id FROM chargebacks") == []
    books_are_right(app)


def test_a_dispute_ends_a_refund_that_was_only_asked_for(payer: Payer, app: Flask, work: Work) -> None:
    intent = topped_up(payer, "stripe")
    refund_id = asks(payer, intent["transaction_id"]).get_json()["id"]
    happens(payer, intent, "disputed")
    tells(payer, work)
    assert seen(payer, refund_id)["status"] == "rejected"
    assert has(app) == {}  # taken out of what was held, and nothing owed
    books_are_right(app)


def test_a_portals_refund_that_is_told_before_ours_was_sent_is_taken_once_ours_is_refused(
    payer: Payer, app: Flask, work: Work, staff_headers: StaffHeaders
) -> None:
    """Ours counts as gone, so nothing seems to be left. The gateway gives no more than there is, and refuses ours."""
    intent = topped_up(payer, "stripe")
    happens(payer, intent, "refunded", amount=30_00)
    refund_id = asks(payer, intent["transaction_id"]).get_json()["id"]
    decide(payer, staff_headers("finance"), refund_id, "approve")
    change(app, "UPDATE outbox_jobs SET run_after = now() + interval '1 hour' WHERE job = 'refund_topup'")
    tells(payer, work)
    assert rows(app, "SELECT count(*) FROM chargebacks") == [(0,)], "it waits for the word about ours"
    for job in ("refund_topup", "process_gateway_refund"):
        change(app, f"UPDATE outbox_jobs SET run_after = now() WHERE job = '{job}' AND state = 'open'")
        for waiting in rows(app, f"SELECT id FROM outbox_jobs WHERE job = '{job}' AND state = 'open'"):
            with app.app_context():
                run(job, str(waiting.id))
    assert seen(payer, refund_id)["status"] == "rejected", "and 120.00 are the payer's again, to be asked back anew"
    assert wallet(payer) == ("120.00", "0.00")
    with app.app_context():
        assert shared_balance("gateway_clearing") == -120_00
    books_are_right(app)


def test_more_than_there_is_left_is_told_to_staff_and_never_taken_twice(payer: Payer, app: Flask, work: Work) -> None:
    intent = topped_up(payer, "stripe")
    with app.app_context(), transaction() as session:  # gone back on another way that Stripe does not know of
        found = session.execute(text("SELECT id FROM wallet_transactions")).scalar_one()

        topups.charge_back_topup(transaction_id=found, gateway="stripe", amount=100_00, key="elsewhere", actor="staff")
    happens(payer, intent, "disputed")
    tells(payer, work)
    assert has(app) == {}
    [row] = rows(app, "SELECT amount, claimed FROM chargebacks")
    assert (row.amount, row.claimed) == (50_00, 150_00)
    books_are_right(app)


def test_what_is_let_off_of_a_lost_due_is_no_gift_when_the_dispute_is_won(payer: Payer, app: Flask, work: Work) -> None:

    intent = topped_up(payer, "stripe")
    spends(app, 150_00)
    happens(payer, intent, "disputed")
    tells(payer, work)
    with app.app_context(), transaction() as session:
        due_id = session.scalar(text("SELECT id FROM ledger_dues"))
        dues.waive_due(due_id=due_id, key="waived", actor="staff", now=utcnow())
    happens(payer, intent, "dispute_won")
    tells(payer, work)
    assert has(app) == {}
    with app.app_context():
        assert shared_balance("write_offs") == 0
    books_are_right(app)
