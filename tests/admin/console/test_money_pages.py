"""Money at the console: decisions of two people, what gateways sent, dues and the books."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.admin.console.sections import MONEY
from powerbank.base.db import transaction, utcnow
from powerbank.content import app_config
from powerbank.ledger.adjustments import services as adjustments
from powerbank.payments.models import IntentStatus
from tests.admin.console.conftest import Member, hidden_fields
from tests.admin.console.money import due_to_pay, gateway_event, refund_to_decide
from tests.ledger.conftest import make_person
from tests.payments.conftest import Payer, Work, payer, vendors
from tests.people import rows

__all__ = ["payer", "vendors"]

Console = Callable[..., Member]
PAGE = "/console/money"


@pytest.fixture
def two_needed(app: Flask, client: FlaskClient) -> None:
    """Have every refund need two people."""
    with app.app_context(), transaction():
        app_config.set_value("refund_second_approval_above", "1.00", actor="test")


@pytest.mark.parametrize("tab", MONEY.tabs, ids=lambda tab: tab.label)
def test_each_list_opens_and_says_what_would_fill_it(console: Console, tab: object) -> None:
    address = tab.address  # type: ignore[attr-defined]
    finance = console("finance")
    assert 'class="empty"' in finance.read(address)
    assert finance.open(f"{address}?format=csv").status_code == 200
    assert console("viewer").open(address).status_code == 403


def test_support_looks_and_does_not_decide(app: Flask, console: Console) -> None:
    refund_id, _ = refund_to_decide(app)
    support = console("support")
    page = support.read(f"{PAGE}/refunds/{refund_id}")
    assert "The cable was broken." in page
    assert "/approve" not in page.split("Show as API")[0]
    approve = f"{PAGE}/decisions/refund/{refund_id}/approve"
    form = hidden_fields(page) | {"once": str(uuid4())}
    assert support.client.post(approve, data=form).status_code == 403


def test_a_refund_is_approved_by_the_second_person(app: Flask, console: Console, two_needed: None) -> None:
    refund_id, _ = refund_to_decide(app)
    page, approve = f"{PAGE}/refunds/{refund_id}", f"{PAGE}/decisions/refund/{refund_id}/approve"
    first, second = console("finance"), console("superadmin")
    assert "A second person has to approve it too." in first.send(page, approve).text
    assert "Somebody else has to approve it too." in first.read(page)
    assert approve not in first.read(page).split("Show as API")[0]
    assert "It needs your approval as the second one." in second.read(page)
    assert "It is approved." in second.send(page, approve).text
    assert rows(app, "SELECT status FROM refunds") == [("completed",)]
    logged = rows(app, "SELECT count(DISTINCT actor) FROM audit_log WHERE action = 'refund.approve'")
    assert logged == [(2,)]


def test_a_form_that_is_sent_twice_decides_once(app: Flask, console: Console) -> None:
    refund_id, _ = refund_to_decide(app)
    finance, approve = console("finance"), f"{PAGE}/decisions/refund/{refund_id}/approve"
    shown = finance.client.get(f"{PAGE}/refunds/{refund_id}").text
    form = next(each for each in shown.split("<form") if f'action="{approve}"' in each)
    for _ in range(2):
        assert finance.client.post(approve, data=hidden_fields(form)).status_code == 302
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'refund.approve'") == [(1,)]
    assert "already" not in finance.read(f"{PAGE}/refunds/{refund_id}")


def test_a_refund_is_rejected_with_a_reason(app: Flask, console: Console) -> None:
    refund_id, _ = refund_to_decide(app)
    page, reject = f"{PAGE}/refunds/{refund_id}", f"{PAGE}/decisions/refund/{refund_id}/reject"
    finance = console("finance")
    assert "toast bad" in finance.send(page, reject, reason=" ").text
    assert "It is rejected." in finance.send(page, reject, reason="It was used.").text
    assert rows(app, "SELECT status, note FROM refunds") == [("rejected", "It was used.")]


def test_what_waits_is_decided_on_one_page_and_never_by_who_asked(app: Flask, console: Console) -> None:
    asker = console("finance")
    [(staff_id,)] = rows(app, "SELECT id FROM staff WHERE email = 'finance@example.com'")
    with app.app_context():
        user_id = make_person()
        with transaction() as session:
            adjustments.ask_for_adjustment(
                user_id=user_id,
                currency="NPR",
                amount=9_000_00,
                reason="A goodwill gesture.",
                staff=session.get_one(adjustments.allowances.StaffMember, staff_id),
                now=utcnow(),
            )
    page = f"{PAGE}/decisions"
    assert "somebody else decides" in asker.read(page)
    assert "/approve" not in asker.read(page).split("Show as API")[0]
    [(adjustment_id,)] = rows(app, "SELECT id FROM ledger_adjustments")
    second = console("superadmin")
    assert "9,000.00" in second.read(page)
    approve = f"{PAGE}/decisions/adjustment/{adjustment_id}/approve"
    assert "It is approved." in second.send(page, approve).text
    assert "Nothing waits for a decision." in second.read(page)
    assert "9,000.00" in second.read(f"{PAGE}/adjustments?status=applied")


def test_a_due_is_waived_in_part(app: Flask, console: Console) -> None:
    due_id = due_to_pay(app, 30_00)
    page, finance = f"{PAGE}/dues/{due_id}", console("finance")
    assert f"/dues/{due_id}" in finance.read(f"{PAGE}/dues?status=open")
    done = finance.send(page, f"{page}/waive", amount="10.00", reason="The station was closed.")
    assert "It is waived." in done.text
    assert "20.00" in done.text
    assert "more" in finance.send(page, f"{page}/waive", amount="500.00", reason="All of it.").text
    assert f"{page}/waive" not in console("support").read(page)


def test_what_a_gateway_sent_is_shown_without_its_payer(app: Flask, console: Console) -> None:
    body = b'{"pidx": "P1", "user": {"name": "Sita Rai", "mobile": "9841234567"}, "note": "mail sita@example.com"}'
    event_id = gateway_event(app, body)
    page, finance = f"{PAGE}/gateway-events/{event_id}", console("finance")
    shown = finance.read(page)
    assert "P1" in shown
    for hidden in ("Sita Rai", "9841234567", "sita@example.com", "9841000000"):
        assert hidden not in shown
    assert "It is looked into once more." in finance.send(page, f"{page}/replay").text
    assert f"{page}/replay" not in console("support").read(page)
    assert "replay" not in finance.read(f"{PAGE}/gateway-events/{gateway_event(app, body, state='forged')}")


def test_a_top_up_is_looked_up_and_a_review_is_decided(app: Flask, console: Console, payer: Payer, work: Work) -> None:
    intent = payer.begin("khalti", "150.00")
    page, finance = f"{PAGE}/top-ups/{intent['intent_id']}", console("finance")
    assert "The top-up is: ready." in finance.send(page, f"{page}/verify").text
    payer.pays(intent, amount=120_00)
    assert "The top-up is: review." in finance.send(page, f"{page}/verify").text
    assert "amount differs" in finance.read(f"{PAGE}/decisions")
    resolve = f"{page}/resolve"
    assert "toast bad" in finance.send(page, resolve, decision="credit", reason="x").text
    assert "It is credited." in finance.send(page, resolve, decision="credit", reason="The bank took a fee.").text
    assert resolve not in finance.read(page)
    assert payer.balance() == "120.00"
    assert rows(app, "SELECT status FROM payment_intents") == [(IntentStatus.SUCCESS,)]


def test_the_books_lead_from_an_account_to_an_entry_with_its_postings(app: Flask, console: Console) -> None:
    refund_to_decide(app)
    finance = console("finance")
    [(account_id,)] = rows(app, "SELECT id FROM ledger_accounts WHERE kind = 'rental_revenue'")
    assert f"/accounts/{account_id}" in finance.read(f"{PAGE}/accounts?kind=rental_revenue")
    statement = finance.read(f"{PAGE}/accounts/{account_id}")
    assert "60.00" in statement
    [(entry_id,)] = rows(app, "SELECT id FROM ledger_entries WHERE kind = 'spend'")
    assert f"/entries/{entry_id}" in statement
    entry = finance.read(f"{PAGE}/entries/{entry_id}")
    assert entry.count("60.00") == 2
    assert f"/entries/{entry_id}" in finance.read(f"{PAGE}/entries?kind=spend&since=2026-01-01")
    assert f"/entries/{entry_id}" not in finance.read(f"{PAGE}/entries?kind=refund")


@pytest.mark.parametrize(
    ("page", "action", "job"),
    [
        ("recounts", "recounts/run", "reconcile_ledger"),
        ("comparisons", "tasks/settlement-comparison", "compare_settlements"),
        ("exchange-rates", "tasks/exchange-rates", "update_exchange_rates"),
    ],
)
def test_a_nightly_task_is_started_now(app: Flask, console: Console, page: str, action: str, job: str) -> None:
    assert "started" in console("finance").send(f"{PAGE}/{page}", f"{PAGE}/{action}").text
    assert rows(app, f"SELECT count(*) FROM outbox_jobs WHERE job = '{job}'") == [(1,)]
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'schedule.run'") == [(1,)]
