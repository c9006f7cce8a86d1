"""People are told that their money runs low or that they spent much, and of what they owe: once each time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from jobs.payments.credit_alerts import alert_low_balances, alert_unusual_spending
from jobs.payments.dues import announce_late_dues, collect_from_everybody, remind_everybody
from jobs.worker import runtime
from powerbank.base.db import db, transaction, utcnow
from powerbank.content import app_config
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues, holds, refunds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.texts import built_in
from powerbank.payments.credit_alerts import services as credit_alerts
from powerbank.payments.credit_alerts.services import Alert
from powerbank.payments.dues import services as dues_collection
from tests.ledger.conftest import Person, about, assert_books_are_right, balances, key, make_person, top_up
from tests.payments.conftest import Payer, Work
from tests.payments.refunds.test_refunds import topped_up
from tests.people import change, rows

pytestmark = pytest.mark.usefixtures("context")

NOON = datetime(2026, 3, 10, 6, 15, tzinfo=UTC)  # at Kathmandu


def told(user_id: UUID | None = None) -> list[tuple[str, dict[str, Any]]]:
    """What people hear of, and the values that the texts name."""
    db.session.rollback()
    due = text("SELECT id FROM outbox_jobs WHERE job = 'notify_user' AND state = 'open' ORDER BY id")
    for job_id in db.session.scalars(due).all():
        db.session.rollback()
        runtime.run("notify_user", str(job_id))
    query = text("SELECT type, context FROM notices WHERE CAST(:who AS uuid) IS NULL OR user_id = :who ORDER BY id")
    return [
        (row.type, {name: row.context[name] for name in built_in.needed_values(NoticeType(row.type))})
        for row in db.session.execute(query, {"who": user_id})
    ]


def spends(user_id: UUID, paisa: int, *, days_ago: int = 0) -> UUID:
    with transaction() as session:
        paid = holds.spend_without_hold(
            user_id=user_id, reference=about(), sources=Sources(wallet=paisa), key=key(), actor="x"
        )
        if days_ago:
            past = NOON - timedelta(days=days_ago)
            then = UUID(int=int(past.timestamp() * 1000) << 80 | paid.id.int % 2**64)
            query = text("UPDATE wallet_transactions SET created_at = :at, id = :then WHERE id = :id")
            session.execute(query, {"at": past, "id": paid.id, "then": then})
            return then
    return paid.id


def owes(user_id: UUID, paisa: int, *, days: int = 0) -> UUID:
    with transaction() as session:
        due = dues.create_due(
            user_id=user_id,
            reference=Reference("rental", "1"),
            amount=paisa,
            revenue=Kind.OVERDUE_REVENUE,
            key=key(),
            actor="system",
        )
        session.execute(
            text("UPDATE ledger_dues SET created_at = created_at - make_interval(days => :days) WHERE id = :id"),
            {"days": days, "id": due.id},
        )
    return due.id


class TestLowCredit:
    def test_a_debit_tells_at_once_and_once_in_its_window(self, person: Person) -> None:
        user_id = person(wallet=100_00)
        spends(user_id, 50_00)
        assert told() == []
        spends(user_id, 1_00)
        spends(user_id, 1_00)
        assert told() == [("low_credit", {"balance": "49.00"})]
        spends(user_id, 39_00)
        assert told()[1:] == [("critical_credit", {"balance": "9.00"})]

    def test_a_hold_is_a_debit_too_and_one_that_is_refused_tells_nobody(self, person: Person) -> None:
        user_id = person(wallet=100_00)
        with transaction() as session:
            holds.place_hold(user_id=user_id, reference=about(), amount=80_00, key=key(), actor="x")
            session.rollback()
        assert told() == []
        with transaction():
            holds.place_hold(user_id=user_id, reference=about(), amount=80_00, key=key(), actor="x")
        assert told() == [("low_credit", {"balance": "20.00"})]

    def test_the_sweep_tells_each_once_a_day(self, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(credit_alerts, "BATCH", 2)
        low = [person(wallet=amount) for amount in (49_99, 1, 10_00)]
        person(wallet=50_00)
        make_person()  # never had money
        assert alert_low_balances(Alert.LOW, now=NOON) == 3
        assert alert_low_balances(Alert.LOW, now=NOON + timedelta(hours=1)) == 0
        assert alert_low_balances(Alert.LOW, now=NOON + timedelta(days=1)) == 3
        assert all(len(told(user_id)) == 2 for user_id in low)

    def test_the_critical_sweep_tells_each_once_in_four_hours(self, person: Person) -> None:
        person(wallet=10_00)
        low = person(wallet=9_99)
        for hours, expected in ((0, 1), (1, 0), (4, 1), (8, 1)):
            assert alert_low_balances(Alert.CRITICAL, now=NOON + timedelta(hours=hours)) == expected
        assert {kind for kind, _ in told(low)} == {"critical_credit"}

    def test_who_cannot_rent_anyway_is_left_alone(self, person: Person) -> None:
        user_id = person(wallet=1_00)
        with transaction() as session:
            session.execute(text("UPDATE users SET status = 'suspended' WHERE id = :id"), {"id": user_id})
        assert alert_low_balances(Alert.LOW, now=NOON) == 0


class TestHighUsage:
    @pytest.mark.parametrize(
        ("usual", "yesterday", "expected"),
        [([10_00] * 5, 15_01, 1), ([10_00] * 5, 15_00, 0), ([10_00] * 4, 90_00, 0), ([10_00, 50_00] * 3, 40_00, 0)],
    )
    def test_far_above_a_usual_day(self, person: Person, usual: list[int], yesterday: int, expected: int) -> None:
        user_id = person(wallet=5000_00)
        for day, amount in enumerate(usual):
            spends(user_id, amount, days_ago=day + 2)
        spends(user_id, yesterday, days_ago=1)
        assert alert_unusual_spending(now=NOON) == expected
        assert alert_unusual_spending(now=NOON) == 0
        if expected:
            assert told(user_id) == [("high_usage", {"spend": "15.01", "average": "10.00"})]

    def test_what_came_back_was_not_spent(self, person: Person) -> None:
        user_id = person(wallet=5000_00)
        for day in range(5):
            spends(user_id, 10_00, days_ago=day + 2)
        spends(user_id, 10_00, days_ago=1)
        paid = [spends(user_id, 90_00, days_ago=1) for _ in range(2)]
        with transaction():
            refunds.refund_payment(transaction_id=paid[0], key=key(), actor="system")
            refunds.refund_payment(transaction_id=paid[1], amount=86_00, key=key(), actor="system")
        assert alert_unusual_spending(now=NOON) == 0
        spends(user_id, 2_00, days_ago=1)
        assert alert_unusual_spending(now=NOON) == 1

    def test_what_is_older_than_the_month_does_not_count(self, person: Person) -> None:
        user_id = person(wallet=5000_00)
        for day in range(5):
            spends(user_id, 10_00, days_ago=40 + day)
        spends(user_id, 90_00, days_ago=1)
        assert alert_unusual_spending(now=NOON) == 0


class TestDues:
    def test_reminded_once_a_day_of_all_that_is_open(self, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dues_collection, "BATCH", 1)
        first, second = person(), person()
        owes(first, 5_00)
        owes(first, 7_00)
        owes(second, 1_00)
        assert remind_everybody(now=NOON) == 2
        assert remind_everybody(now=NOON) == 2
        assert len(told(second)) == 1
        assert told(first) == [("due_reminder", {"amount": "12.00"})]

    def test_beyond_the_grace_period_people_are_told_once_that_it_is_collected(self, person: Person) -> None:
        late, fresh = person(), person()
        owes(late, 5_00, days=3)
        owes(fresh, 5_00, days=2)
        assert announce_late_dues(now=utcnow()) == 1
        assert announce_late_dues(now=utcnow()) == 0
        assert (told(late), told(fresh)) == ([("due_late", {"amount": "5.00"})], [])

    def test_of_several_that_are_late_all_that_is_open_is_told_once(self, person: Person) -> None:
        late = person()
        for paisa, days in ((5_00, 4), (7_00, 5), (1_00, 0)):
            owes(late, paisa, days=days)
        assert announce_late_dues(now=utcnow()) == 2
        assert told(late) == [("due_late", {"amount": "13.00"})]


class TestCollecting:
    def test_the_next_top_up_pays_what_is_open_if_its_person_wants(self, payer: Payer, app: Flask) -> None:
        change(app, "UPDATE users SET auto_collect_dues = true")
        [row] = rows(app, "SELECT id FROM users")
        owes(row.id, 100_00)
        owes(row.id, 80_00)
        intent = topped_up(payer, "khalti", "150.00")
        payer.verify(intent)
        assert balances(row.id) == {"dues_receivable": -30_00}
        assert [kind for kind, _ in told() if kind.startswith(("due", "topup"))] == ["due_paid", "topup_success"]
        assert told()[-1][1]["balance"] == "0.00"
        assert_books_are_right()

    def test_who_did_not_ask_for_it_keeps_the_money(self, payer: Payer, app: Flask) -> None:
        [row] = rows(app, "SELECT id FROM users")
        owes(row.id, 100_00)
        topped_up(payer, "khalti", "150.00")
        assert balances(row.id) == {"user_wallet": 150_00, "dues_receivable": -100_00}

    def test_what_is_late_is_taken_from_a_top_up_wanted_or_not(self, payer: Payer, app: Flask) -> None:
        [row] = rows(app, "SELECT id FROM users")
        owes(row.id, 100_00, days=3)
        owes(row.id, 20_00, days=2)
        topped_up(payer, "khalti", "150.00")
        assert balances(row.id) == {"user_wallet": 50_00, "dues_receivable": -20_00}
        assert ("due_paid", {"amount": "100.00"}) in told(row.id)
        assert_books_are_right()

    @pytest.mark.parametrize(
        ("days", "left"), [(3, {"user_wallet": 10_00}), (2, {"user_wallet": 40_00, "dues_receivable": -30_00})]
    )
    def test_what_is_late_is_taken_from_whatever_else_comes_in(
        self, person: Person, work: Work, days: int, left: dict[str, int]
    ) -> None:
        user_id = person()
        owes(user_id, 30_00, days=days)
        with transaction():
            top_up(user_id, 40_00)
        work("payments")
        assert balances(user_id) == left
        assert_books_are_right()

    def test_the_hourly_check_takes_it_from_what_is_there(
        self, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dues_collection, "BATCH", 1)
        one, other, fresh, poor = person(wallet=40_00), person(wallet=5_00), person(wallet=40_00), person()
        for user_id, days in ((one, 3), (other, 4), (fresh, 2), (poor, 9)):
            owes(user_id, 30_00, days=days)
        assert collect_from_everybody(now=utcnow()) == 2
        assert collect_from_everybody(now=utcnow()) == 0
        assert balances(one) == {"user_wallet": 10_00}
        assert balances(other) == {"dues_receivable": -25_00}
        assert balances(fresh) == {"user_wallet": 40_00, "dues_receivable": -30_00}
        assert ("due_paid", {"amount": "30.00"}) in told(one)
        assert_books_are_right()

    def test_the_grace_is_what_the_configuration_says_now(self, person: Person) -> None:
        user_id = person(wallet=40_00)
        owes(user_id, 30_00, days=3)
        with transaction():
            app_config.put("dues_grace_days", 5, actor="test")
        assert collect_from_everybody(now=utcnow()) == 0
        assert announce_late_dues(now=utcnow()) == 0


def test_a_top_up_that_failed_is_told_and_one_that_was_cancelled_is_not(payer: Payer) -> None:
    failed, cancelled = payer.begin("khalti"), payer.begin("khalti")
    payer.pays(failed, "failed")
    payer.verify(failed)
    payer.post(f"/api/payment/intents/{cancelled['intent_id']}/cancel")
    assert told() == [("topup_failed", {"amount": "150.00"})]
