"""Top-ups and chargebacks: what they move, and what they refuse."""

import pytest

from powerbank.base.db import db, transaction
from powerbank.base.errors import ConflictError
from powerbank.ledger import transactions
from powerbank.ledger.movements import topups
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import WalletTransaction
from tests.ledger.conftest import (
    Person,
    about,
    assert_books_are_right,
    balances,
    key,
    shared_balance,
    top_up,
)
from tests.ledger.steps import spend


class TestTopUps:
    def test_a_top_up_moves_money_from_the_gateway_to_the_wallet(self, person: Person) -> None:
        user_id = person(wallet=500_00)
        assert balances(user_id) == {"user_wallet": 500_00}
        assert shared_balance("gateway_clearing") == -500_00
        [seen] = db.session.query(WalletTransaction).all()
        assert (seen.type, seen.status, seen.direction, seen.amount) == ("topup", "success", "in", 500_00)

    def test_another_currency_is_kept_beside_rupees(self, person: Person) -> None:
        user_id = person()
        with transaction():
            top_up(user_id, 1_330_00, gateway="stripe", currency="USD", received=10_00)
        assert balances(user_id) == {"user_wallet": 1_330_00}
        assert shared_balance("gateway_clearing") == -10_00  # dollars
        assert_books_are_right()

    def test_a_pending_top_up_is_completed_once(self, person: Person) -> None:
        user_id, name = person(), key()
        with transaction():
            begun = transactions.begin_topup(user_id=user_id, amount=100_00, reference=about("intent"))
        for _ in range(2):
            with transaction():
                done = top_up(user_id, 100_00, key=name, transaction_id=begun.id)
            assert (done.id, done.status) == (begun.id, "success")
        assert balances(user_id) == {"user_wallet": 100_00}
        with pytest.raises(ConflictError), transaction():
            top_up(user_id, 100_00, transaction_id=begun.id)
        with pytest.raises(ConflictError), transaction():
            transactions.fail_topup(begun.id)
        assert balances(user_id) == {"user_wallet": 100_00}

    def test_a_failed_top_up_may_still_be_paid(self, person: Person) -> None:
        user_id = person()
        with transaction():
            begun = transactions.begin_topup(user_id=user_id, amount=100_00, reference=about("intent"))
        with transaction():
            assert transactions.fail_topup(begun.id).status == "failed"
        with transaction():
            assert top_up(user_id, 100_00, transaction_id=begun.id).status == "success"

    def test_a_top_up_is_not_credited_with_another_amount(self, person: Person) -> None:
        user_id = person()
        with transaction():
            begun = transactions.begin_topup(user_id=user_id, amount=100_00, reference=about("intent"))
        with pytest.raises(ConflictError), transaction():
            top_up(user_id, 100_01, transaction_id=begun.id)
        assert balances(user_id) == {}

    def test_a_chargeback_of_what_is_spent_becomes_a_due(self, person: Person) -> None:
        user_id, name = person(), key()
        with transaction():
            topup = top_up(user_id, 100_00)
        spend(user_id, Sources(wallet=70_00))
        for _ in range(2):
            with transaction():
                topups.charge_back_topup(
                    transaction_id=topup.id, gateway="khalti", amount=100_00, key=name, actor="system"
                )
        assert balances(user_id) == {"dues_receivable": -70_00}
        assert shared_balance("gateway_clearing") == 0
        with pytest.raises(ConflictError), transaction():
            topups.charge_back_topup(transaction_id=topup.id, gateway="khalti", amount=1, key=key(), actor="system")
        assert_books_are_right()
