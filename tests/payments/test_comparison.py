"""The night's comparison with the gateways."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from jobs import catalogue
from powerbank.db import new_id, transaction, utcnow
from powerbank.payments import cleanup, comparison
from powerbank.queue import enqueue
from tests.payments.conftest import Payer, Work
from tests.payments.test_refunds import asks, books_are_right, decide, topped_up
from tests.payments.test_takebacks import happens, tells
from tests.people import change, rows

StaffHeaders = Callable[..., dict[str, str]]


def compared(app: Flask) -> comparison.Report:
    with app.app_context():
        report = comparison.compare(new_id(), now=utcnow())
        with transaction():
            comparison.keep(report, now=utcnow())
    return report


def whats(report: comparison.Report) -> list[str]:
    return [each["what"] for each in report.found]


def test_what_is_right_is_silent(
    payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "BATCH", 2)
    staff = staff_headers("finance")
    for gateway in ("khalti", "stripe"):
        intent = topped_up(payer, gateway)
        refund_id = asks(payer, intent["transaction_id"], amount="50.00").get_json()["id"]
        decide(payer, staff, refund_id, "approve")
    topped_up(payer, "esewa")
    disputed = topped_up(payer, "stripe")
    happens(payer, disputed, "disputed")
    tells(payer, work)
    payer.begin("khalti")
    work()
    report = compared(app)
    assert (report.checked, report.unanswered, report.differences) == (5, 0, 0), report


def test_paid_and_never_heard_of_is_settled_and_told(payer: Payer, app: Flask) -> None:
    intent = payer.begin("khalti")
    payer.pays(intent)
    change(app, "UPDATE payment_intents SET status = 'expired', poll_at = NULL")
    assert whats(compared(app)) == ["paid_not_credited"]
    assert payer.balance() == "150.00"
    assert compared(app).differences == 0
    books_are_right(app)


@pytest.mark.parametrize("gateway", ["khalti", "stripe"])
def test_a_refund_that_we_know_nothing_of_is_told(payer: Payer, app: Flask, gateway: str) -> None:
    intent = topped_up(payer, gateway)
    payer.pays(intent, "refunded", amount=10_00)
    assert whats(compared(app)) == ["refunds_differ"]


def test_what_we_credited_and_they_do_not_have_is_told(payer: Payer, app: Flask) -> None:
    unpaid, other = topped_up(payer, "khalti"), payer.begin("khalti")
    change(app, "UPDATE payment_intents SET reference = NULL WHERE id = :id", id=other["intent_id"])
    change(app, "UPDATE payment_intents SET reference = :reference WHERE id = :id", id=unpaid["intent_id"],
           reference=other["gateway_reference"])  # fmt: skip
    assert whats(compared(app)) == ["not_paid_there"]


def test_a_gateway_that_is_away_is_counted_and_the_others_are_compared(payer: Payer, app: Flask) -> None:
    topped_up(payer, "khalti")
    topped_up(payer, "esewa")
    payer.sandbox.faults.set("khalti", "html", times=3)
    report = compared(app)
    assert (report.checked, report.unanswered) == (1, 1)


def test_the_job_leaves_a_report_for_staff(payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work) -> None:
    intent = topped_up(payer, "stripe")
    payer.pays(intent, "refunded", amount=10_00)
    with app.app_context(), transaction():
        enqueue(catalogue.COMPARE_SETTLEMENTS)
    work()
    answer = payer.client.get("/api/admin/payments/settlements", headers=staff_headers("finance")).get_json()
    [found] = answer["items"]
    assert (found["checked"], found["differences"], found["found"][0]["what"]) == (1, 1, "refunds_differ")


def test_raw_events_are_forgotten_after_their_time(payer: Payer, app: Flask) -> None:
    def kept() -> Any:
        return [row.state for row in rows(app, "SELECT state FROM gateway_events ORDER BY state")]

    for state, days in (("forged", 31), ("forged", 29), ("processed", 179), ("processed", 181), ("received", 400)):
        change(
            app, "INSERT INTO gateway_events (id, gateway, body, state, received_at)"
            " VALUES (:id, 'khalti', '', :state, now() - :days * interval '1 day')",
            id=new_id(), state=state, days=days,
        )  # fmt: skip
    with app.app_context():
        cleanup.prune(now=utcnow())
    assert kept() == ["forged", "processed", "received"]
