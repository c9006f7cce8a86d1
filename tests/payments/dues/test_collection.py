"""People are reminded of what they owe, and what is late is collected."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from jobs.payments.dues import announce_late_dues, collect_from_everybody, remind_everybody
from powerbank.base.db import transaction, utcnow
from powerbank.content import app_config
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues
from powerbank.ledger.services import Reference
from powerbank.payments.dues import services as dues_collection
from tests.ledger.conftest import Person, assert_books_are_right, balances, key, top_up
from tests.payments.conftest import Payer, Work
from tests.payments.steps import told, topped_up
from tests.people import change, rows

NOON = datetime(2026, 3, 10, 6, 15, tzinfo=UTC)  # at Kathmandu
pytestmark = pytest.mark.usefixtures("context")


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


class TestDues:
    def test_people_are_reminded_once_a_day_of_all_that_is_open(
        self, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
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
            app_config.set_value("dues_grace_days", 5, actor="test")
        assert collect_from_everybody(now=utcnow()) == 0
        assert announce_late_dues(now=utcnow()) == 0
