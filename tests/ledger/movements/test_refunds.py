"""Payments without a hold, and refunds of payments: each source gets back what came from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerbank.base.db import db, transaction
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.ledger.errors import KeyReusedError
from powerbank.ledger.movements import refunds
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import WalletTransaction
from tests.ledger.conftest import (
    Person,
    assert_books_are_right,
    balances,
    key,
    shared_balance,
)
from tests.ledger.steps import refund, spend


class TestSpendingAndRefunds:
    def test_points_are_worth_money_to_the_revenue(self, person: Person) -> None:
        user_id = person(wallet=10_00, points=100)
        paid = spend(user_id, Sources(wallet=5_00, points=100, points_value=10_00))
        assert (paid.amount, paid.direction) == (15_00, "out")
        assert balances(user_id) == {"user_wallet": 5_00}
        assert shared_balance("rental_revenue") == 15_00
        assert shared_balance("promotion_expense") == -10_00

    def test_a_refund_restores_each_source(self, person: Person) -> None:
        user_id = person(wallet=10_00, points=100)
        paid, name = spend(user_id, Sources(wallet=5_00, points=100, points_value=10_00)), key()
        assert refund(paid, name=name).id == refund(paid, name=name).id
        assert balances(user_id) == {"user_wallet": 10_00, "user_points": 100}
        assert shared_balance("rental_revenue") == shared_balance("promotion_expense") == 0
        assert db.session.get_one(WalletTransaction, paid.id).status == "refunded"
        with pytest.raises(refunds.RefundExceedsPaymentError):
            refund(paid)
        assert_books_are_right()

    def test_parts_add_up_to_the_whole(self, person: Person) -> None:
        user_id = person(wallet=10_00, points=100)
        paid = spend(user_id, Sources(wallet=3_33, points=67, points_value=6_70))
        with pytest.raises(refunds.RefundExceedsPaymentError):
            refund(paid, 10_04)
        given = [refund(paid, amount) for amount in (1_11, 2_22, 3_33)]
        assert all(each.amount <= asked for each, asked in zip(given, (1_11, 2_22, 3_33), strict=True))
        refund(paid)
        assert balances(user_id) == {"user_wallet": 10_00, "user_points": 100}
        assert_books_are_right()

    def test_less_than_a_point_cannot_be_given_back(self, person: Person) -> None:
        paid = spend(person(points=100), Sources(points=100, points_value=10_00))
        with pytest.raises(ConflictError) as refused:
            refund(paid, 5)
        assert refused.value.code == "refund_too_small"

    def test_only_payments_are_refunded_so(self, person: Person) -> None:
        user_id = person(wallet=10_00)
        [topup] = db.session.query(WalletTransaction).filter_by(user_id=user_id)
        with pytest.raises(ConflictError) as refused:
            refund(topup)
        assert refused.value.code == "not_refundable"
        given = refund(spend(user_id, Sources(wallet=10_00)))
        with pytest.raises(ConflictError):
            refund(given)
        with pytest.raises(NotFoundError), transaction():
            refunds.refund_payment(transaction_id=user_id, key=key(), actor="system")

    def test_a_key_refunds_one_payment(self, person: Person) -> None:
        user_id, name = person(wallet=10_00), key()
        one, two = spend(user_id, Sources(wallet=1_00)), spend(user_id, Sources(wallet=1_00))
        refund(one, name=name)
        with pytest.raises(KeyReusedError):
            refund(two, name=name)
        assert balances(user_id) == {"user_wallet": 9_00}

    @given(
        wallet=st.integers(0, 100_000),
        points=st.integers(0, 5_000),
        worth=st.integers(1, 50),
        shares=st.lists(st.floats(0.001, 1), max_size=8),
    )
    def test_any_split_gives_back_exactly_what_was_paid(
        self, wallet: int, points: int, worth: int, shares: list[float]
    ) -> None:
        if wallet + points == 0:
            return
        left = Sources(wallet, points, points * worth)
        for share in shares:
            amount = max(1, int(left.total * share))
            part = left.part(amount)
            if part is None:
                assert amount < worth
                continue
            assert amount - worth < part.total <= amount
            assert part.wallet <= left.wallet
            assert part.points <= left.points
            if part == left:
                return
            left = Sources(left.wallet - part.wallet, left.points - part.points, left.points_value - part.points_value)
        assert left.part(left.total) == left
