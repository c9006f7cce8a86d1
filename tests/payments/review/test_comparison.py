"""The night's comparison with the gateways."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from flask import Flask

from jobs.payments import review as review_jobs
from powerbank.base.db import new_id, transaction, utcnow
from powerbank.integrations.errors import VendorError
from powerbank.integrations.gateway import Payment
from powerbank.outbox import relay
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.payments.review import comparison
from powerbank.payments.topups import settlement
from tests.payments.conftest import Payer, Work
from tests.payments.steps import asks, books_are_right, decide, happens, tells, topped_up
from tests.people import change, rows

LANES = [(gateway, lane) for gateway in ("khalti", "esewa", "stripe") for lane in range(comparison.LANES)]


StaffHeaders = Callable[..., dict[str, str]]


class Report(NamedTuple):
    total: int
    checked: int
    unanswered: int
    differences: int
    finished: bool


def compared(app: Flask) -> Report:
    """Compare as the jobs do it, one lane after the other. A gateway that is away is given up."""
    with app.app_context():
        with transaction():
            comparison.begin_check(now=utcnow())
        for gateway, lane in LANES:
            with contextlib.suppress(VendorError):
                review_jobs.compare_lane(gateway, lane)
        with transaction():
            comparison.end_lane("khalti", 0, now=utcnow())
    return report(app)


def report(app: Flask) -> Report:
    columns = "total, checked, unanswered, differences, finished_at IS NOT NULL"
    return Report(*rows(app, f"SELECT {columns} FROM settlement_checks ORDER BY started_at DESC LIMIT 1")[0])


def whats(app: Flask) -> list[str]:
    """List what the newest check found."""
    query = """SELECT what FROM settlement_comparisons WHERE outcome = 'differs' AND check_id =
               (SELECT id FROM settlement_checks ORDER BY started_at DESC LIMIT 1)"""
    return [row.what for row in rows(app, query)]


def test_payments_that_agree_are_no_findings(
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
    assert compared(app) == Report(total=5, checked=5, unanswered=0, differences=0, finished=True)


def test_a_payment_that_was_never_credited_is_settled_and_found(payer: Payer, app: Flask) -> None:
    intent = payer.begin("khalti")
    payer.pays(intent)
    change(app, "UPDATE payment_intents SET status = 'expired', poll_at = NULL")
    assert compared(app).differences == 1
    assert whats(app) == ["paid_not_credited"]
    assert payer.balance() == "150.00"
    assert compared(app).differences == 0
    books_are_right(app)


@pytest.mark.parametrize("gateway", ["khalti", "stripe"])
def test_a_refund_that_we_do_not_know_is_found(payer: Payer, app: Flask, gateway: str) -> None:
    intent = topped_up(payer, gateway)
    payer.pays(intent, "refunded", amount=10_00)
    assert compared(app).differences == 1
    assert whats(app) == ["refunds_differ"]


def test_a_credit_that_the_gateway_does_not_have_is_found(payer: Payer, app: Flask) -> None:
    unpaid, other = topped_up(payer, "khalti"), payer.begin("khalti")
    change(app, "UPDATE payment_intents SET reference = NULL WHERE id = :id", id=other["intent_id"])
    change(
        app,
        "UPDATE payment_intents SET reference = :reference WHERE id = :id",
        id=unpaid["intent_id"],
        reference=other["gateway_reference"],
    )
    compared(app)
    assert whats(app) == ["not_paid_there"]


def test_a_gateway_that_is_away_holds_up_its_own_payments_and_is_asked_again(
    payer: Payer, app: Flask, work: Work, one_lane: None
) -> None:
    for _ in range(4):
        topped_up(payer, "khalti")
    topped_up(payer, "esewa")
    payer.sandbox.faults.set("khalti", "html", times=review_jobs.AWAY_AFTER)
    asks_for_a_check(app, work)
    assert report(app) == Report(total=5, checked=1, unanswered=0, differences=0, finished=False)
    [job] = rows(app, "SELECT failures FROM outbox_jobs WHERE job = 'compare_payments' AND state = 'open'")
    assert job.failures == 1
    change(app, "UPDATE outbox_jobs SET run_after = now() WHERE state = 'open' AND job = 'compare_payments'")
    deliver_again(app)
    work()
    assert report(app) == Report(total=5, checked=5, unanswered=0, differences=0, finished=True)


def test_one_payment_that_is_never_answered_holds_up_no_other(
    payer: Payer, app: Flask, monkeypatch: pytest.MonkeyPatch, one_lane: None
) -> None:
    broken, *_ = (topped_up(payer, "khalti") for _ in range(3))
    look_up = settlement.look_up_payment

    def answered(intent_id: UUID) -> Payment | None:
        if str(intent_id) == broken["intent_id"]:
            raise VendorError("nonsense")
        return look_up(intent_id)

    monkeypatch.setattr(settlement, "look_up_payment", answered)
    assert compared(app) == Report(total=3, checked=2, unanswered=1, differences=0, finished=True)


def test_an_interrupted_lane_goes_on_where_it_stopped(
    payer: Payer, app: Flask, monkeypatch: pytest.MonkeyPatch, one_lane: None
) -> None:
    for _ in range(4):
        payer.pays(topped_up(payer, "khalti"), "refunded", amount=10_00)
    asked: list[UUID] = []
    look_up = settlement.look_up_payment

    def killed_after_two(intent_id: UUID) -> Payment | None:
        if len(asked) == 2:
            raise SystemExit
        asked.append(intent_id)
        return look_up(intent_id)

    with app.app_context():
        with transaction():
            comparison.begin_check(now=utcnow())
        monkeypatch.setattr(settlement, "look_up_payment", killed_after_two)
        with pytest.raises(SystemExit):
            review_jobs.compare_lane("khalti", 0)
    assert report(app) == Report(total=4, checked=2, unanswered=0, differences=2, finished=False)
    monkeypatch.setattr(
        settlement, "look_up_payment", lambda intent_id: (asked.append(intent_id), look_up(intent_id))[1]
    )
    assert compared(app) == Report(total=4, checked=4, unanswered=0, differences=4, finished=True)
    assert len(set(asked)) == len(asked) == 4, "nothing was asked twice"


def test_staff_see_how_far_a_check_is_and_each_difference(
    payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work
) -> None:
    headers = staff_headers("finance")
    for _ in range(3):
        payer.pays(topped_up(payer, "stripe"), "refunded", amount=10_00)
    with app.app_context():
        with transaction():
            comparison.begin_check(now=utcnow())
        with transaction():
            comparison.request_lanes()
    address = "/api/admin/payments/settlements"
    [begun] = payer.client.get(address, headers=headers).get_json()["items"]
    assert (begun["total"], begun["checked"], begun["finished_at"]) == (3, 0, None)
    deliver_again(app)
    work()
    [done] = payer.client.get(address, headers=headers).get_json()["items"]
    assert (done["checked"], done["differences"], done["finished_at"] is None) == (3, 3, False)
    first = payer.client.get(f"{address}/{done['id']}/findings?limit=2", headers=headers).get_json()
    rest = payer.client.get(
        f"{address}/{done['id']}/findings?limit=2&cursor={first['next_cursor']}", headers=headers
    ).get_json()
    found = [*first["items"], *rest["items"]]
    assert [(each["what"], each["gateway"]) for each in found] == [("refunds_differ", "stripe")] * 3
    assert found[0]["ours"].startswith("success: 15000 NPR")
    unknown = payer.client.get(f"{address}/{new_id()}/findings", headers=headers)
    assert unknown.status_code == 404
    told = rows(app, "SELECT arguments FROM outbox_jobs WHERE job = 'notify_staff' AND arguments ? 'differences'")
    assert [row.arguments["differences"] for row in told] == [3], "told once"


def test_a_night_that_nobody_finished_is_given_up_by_the_next(payer: Payer, app: Flask) -> None:
    topped_up(payer, "khalti")
    with app.app_context():
        for _ in range(2):
            with transaction():
                comparison.begin_check(now=utcnow())
        assert len(rows(app, "SELECT id FROM settlement_checks")) == 1, "the one of tonight goes on"
        with transaction():
            comparison.begin_check(now=utcnow() + comparison.PATIENCE)
    found = rows(app, "SELECT unanswered, finished_at FROM settlement_checks ORDER BY started_at")
    assert [(row.unanswered, row.finished_at is None) for row in found] == [(1, False), (0, True)]


def test_a_payment_that_comes_while_a_lane_ends_is_compared(
    payer: Payer, app: Flask, work: Work, monkeypatch: pytest.MonkeyPatch, one_lane: None
) -> None:
    """Its job is still open when the next night asks for it, so nothing is asked for twice then."""
    topped_up(payer, "khalti")
    looks, waiting = [], comparison.next_payments

    def nothing_yet(gateway: str, lane: int) -> Any:
        looks.append(lane)
        return waiting(gateway, lane) if len(looks) > 1 else []

    monkeypatch.setattr(comparison, "next_payments", nothing_yet)
    with app.app_context():
        with transaction():
            comparison.begin_check(now=utcnow())
        with transaction():
            comparison.request_lanes()
    work()
    assert report(app) == Report(total=1, checked=1, unanswered=0, differences=0, finished=True)


def test_lanes_that_end_at_once_end_the_check_once(payer: Payer, app: Flask) -> None:
    for _ in range(8):
        payer.pays(topped_up(payer, "khalti"), "refunded", amount=10_00)
    with app.app_context(), transaction():
        comparison.begin_check(now=utcnow())

    def run(lane: int) -> None:
        with app.app_context():
            review_jobs.compare_lane("khalti", lane)
            with transaction():
                comparison.end_lane("khalti", lane, now=utcnow())

    with ThreadPoolExecutor(max_workers=comparison.LANES) as pool:
        list(pool.map(run, range(comparison.LANES)))
    assert report(app) == Report(total=8, checked=8, unanswered=0, differences=8, finished=True)
    told = rows(app, "SELECT id FROM outbox_jobs WHERE job = 'notify_staff' AND arguments ? 'differences'")
    assert len(told) == 1


def asks_for_a_check(app: Flask, work: Work) -> None:
    with app.app_context(), transaction():
        enqueue(payment_jobs.COMPARE_SETTLEMENTS)
    work()


def deliver_again(app: Flask) -> None:
    change(app, "UPDATE outbox_jobs SET lease_until = now() WHERE state = 'open' AND job = 'compare_payments'")
    with app.app_context():
        relay.redeliver_stranded()


@pytest.fixture
def one_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "LANES", 1)


def test_payments_that_agreed_are_forgotten_and_differences_are_kept(payer: Payer, app: Flask) -> None:
    topped_up(payer, "khalti")
    payer.pays(topped_up(payer, "khalti"), "refunded", amount=10_00)
    compared(app)
    change(app, "UPDATE settlement_checks SET finished_at = now() - interval '15 days'")
    with app.app_context():
        review_jobs.delete_old_records(now=utcnow())
    assert [row.outcome for row in rows(app, "SELECT outcome FROM settlement_comparisons")] == ["differs"]
