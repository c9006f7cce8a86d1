"""People are told that their money runs low or that they spent much, and of what they owe: once each time."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from jobs.payments.credit_alerts import alert_low_balances, alert_unusual_spending
from powerbank.base.db import transaction
from powerbank.ledger.movements import holds, refunds
from powerbank.ledger.sources import Sources
from powerbank.payments.credit_alerts import services as credit_alerts
from powerbank.payments.credit_alerts.services import Alert
from tests.ledger.conftest import Person, about, key, make_person
from tests.payments.conftest import Payer
from tests.payments.steps import told

pytestmark = pytest.mark.usefixtures("context")


NOON = datetime(2026, 3, 10, 6, 15, tzinfo=UTC)  # at Kathmandu


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


class TestLowCredit:
    def test_a_debit_alerts_at_once_and_once_in_its_window(self, person: Person) -> None:
        user_id = person(wallet=100_00)
        spends(user_id, 50_00)
        assert told() == []
        spends(user_id, 1_00)
        spends(user_id, 1_00)
        assert told() == [("low_credit", {"balance": "49.00"})]
        spends(user_id, 39_00)
        assert told()[1:] == [("critical_credit", {"balance": "9.00"})]

    def test_a_hold_alerts_too_unless_it_is_rolled_back(self, person: Person) -> None:
        user_id = person(wallet=100_00)
        with transaction() as session:
            holds.place_hold(user_id=user_id, reference=about(), amount=80_00, key=key(), actor="x")
            session.rollback()
        assert told() == []
        with transaction():
            holds.place_hold(user_id=user_id, reference=about(), amount=80_00, key=key(), actor="x")
        assert told() == [("low_credit", {"balance": "20.00"})]

    def test_the_job_alerts_each_person_once_a_day(self, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(credit_alerts, "BATCH", 2)
        low = [person(wallet=amount) for amount in (49_99, 1, 10_00)]
        person(wallet=50_00)
        make_person()  # never had money
        assert alert_low_balances(Alert.LOW, now=NOON) == 3
        assert alert_low_balances(Alert.LOW, now=NOON + timedelta(hours=1)) == 0
        assert alert_low_balances(Alert.LOW, now=NOON + timedelta(days=1)) == 3
        assert all(len(told(user_id)) == 2 for user_id in low)

    def test_the_critical_job_alerts_each_person_once_in_four_hours(self, person: Person) -> None:
        person(wallet=10_00)
        low = person(wallet=9_99)
        for hours, expected in ((0, 1), (1, 0), (4, 1), (8, 1)):
            assert alert_low_balances(Alert.CRITICAL, now=NOON + timedelta(hours=hours)) == expected
        assert {kind for kind, _ in told(low)} == {"critical_credit"}

    def test_a_suspended_person_is_not_alerted(self, person: Person) -> None:
        user_id = person(wallet=1_00)
        with transaction() as session:
            session.execute(text("UPDATE users SET status = 'suspended' WHERE id = :id"), {"id": user_id})
        assert alert_low_balances(Alert.LOW, now=NOON) == 0


class TestHighUsage:
    @pytest.mark.parametrize(
        ("usual", "yesterday", "expected"),
        [([10_00] * 5, 15_01, 1), ([10_00] * 5, 15_00, 0), ([10_00] * 4, 90_00, 0), ([10_00, 50_00] * 3, 40_00, 0)],
    )
    def test_spending_far_above_a_usual_day_is_alerted_once(
        self, person: Person, usual: list[int], yesterday: int, expected: int
    ) -> None:
        user_id = person(wallet=5000_00)
        for day, amount in enumerate(usual):
            spends(user_id, amount, days_ago=day + 2)
        spends(user_id, yesterday, days_ago=1)
        assert alert_unusual_spending(now=NOON) == expected
        assert alert_unusual_spending(now=NOON) == 0
        if expected:
            assert told(user_id) == [("high_usage", {"spend": "15.01", "average": "10.00"})]

    def test_refunds_do_not_count_as_spent(self, person: Person) -> None:
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


def test_a_top_up_that_failed_is_told_and_one_that_was_cancelled_is_not(payer: Payer) -> None:
    failed, cancelled = payer.begin("khalti"), payer.begin("khalti")
    payer.pays(failed, "failed")
    payer.verify(failed)
    payer.post(f"/api/payment/intents/{cancelled['intent_id']}/cancel")
    assert told() == [("topup_failed", {"amount": "150.00"})]
