"""Holds: what they put aside, and what may be captured of it."""

import pytest

from powerbank.base.db import transaction
from powerbank.base.errors import NotFoundError
from powerbank.ledger.accounts import Kind, network_account
from powerbank.ledger.errors import InsufficientFundsError, InsufficientPointsError, KeyReusedError
from powerbank.ledger.movements import holds
from powerbank.ledger.sources import Sources
from tests.ledger.conftest import (
    Person,
    about,
    assert_books_are_right,
    balances,
    key,
    shared_balance,
)
from tests.ledger.steps import capture, place, release, spend


class TestHolds:
    def test_held_money_cannot_be_spent(self, person: Person) -> None:
        user_id, rental = person(wallet=100_00), about()
        place(user_id, rental, 60_00)
        assert balances(user_id) == {"user_wallet": 40_00, "user_hold": 60_00}
        with pytest.raises(InsufficientFundsError) as refused:
            spend(user_id, Sources(wallet=50_00))
        assert refused.value.shortfall == 10_00

    def test_a_hold_is_captured_in_part_and_the_rest_released(self, person: Person) -> None:
        user_id, rental = person(wallet=100_00), about()
        place(user_id, rental, 60_00)
        capture(rental, Sources(wallet=25_00))
        capture(rental, Sources(wallet=5_00))
        release(rental)
        assert balances(user_id) == {"user_wallet": 70_00}
        assert shared_balance("rental_revenue") == 30_00
        assert release(rental) == {}
        assert_books_are_right()

    def test_points_and_money_are_held_together(self, person: Person) -> None:
        user_id, rental = person(wallet=100_00, points=300), about()
        place(user_id, rental, 20_00, points=100)
        assert balances(user_id) == {
            "user_wallet": 80_00,
            "user_hold": 20_00,
            "user_points": 200,
            "user_points_hold": 100,
        }
        capture(rental, Sources(wallet=20_00, points=100, points_value=10_00))
        assert balances(user_id) == {"user_wallet": 80_00, "user_points": 200}
        assert shared_balance("rental_revenue") == 30_00
        assert shared_balance("promotion_expense") == -10_00
        assert shared_balance("points_liability") == -200
        assert_books_are_right()

    def test_nothing_is_held_if_either_does_not_suffice(self, person: Person) -> None:
        user_id = person(wallet=100_00, points=10)
        with pytest.raises(InsufficientPointsError):
            place(user_id, about(), 50_00, points=11)
        with pytest.raises(InsufficientFundsError):
            place(user_id, about(), 100_01, points=10)
        assert balances(user_id) == {"user_wallet": 100_00, "user_points": 10}

    def test_no_more_is_captured_than_is_held_for_this(self, person: Person) -> None:
        user_id, rental, other = person(wallet=100_00), about(), about()
        place(user_id, rental, 30_00)
        place(user_id, other, 60_00)
        with pytest.raises(holds.HoldExceededError):
            capture(rental, Sources(wallet=30_01))
        with pytest.raises(NotFoundError):
            capture(about(), Sources(wallet=1))
        capture(rental, Sources(wallet=30_00))
        with pytest.raises(holds.HoldExceededError):
            capture(rental, Sources(wallet=1))
        assert balances(user_id) == {"user_wallet": 10_00, "user_hold": 60_00}

    def test_each_step_happens_once(self, person: Person) -> None:
        user_id, rental, names = person(wallet=100_00), about(), [key(), key(), key()]
        held = [place(user_id, rental, 60_00, name=names[0])["NPR"].id for _ in range(2)]
        taken = [capture(rental, Sources(wallet=60_00), names[1]).id for _ in range(2)]
        release(rental, names[2])
        assert (len(set(held)), len(set(taken))) == (1, 1)
        assert balances(user_id) == {"user_wallet": 40_00}
        with pytest.raises(KeyReusedError):
            capture(rental, Sources(wallet=50_00), names[1])

    def test_a_key_of_an_earlier_release_frees_no_later_hold(self, person: Person) -> None:
        user_id, rental, name = person(wallet=100_00), about(), key()
        place(user_id, rental, 60_00)
        release(rental, name)
        place(user_id, rental, 60_00)
        with pytest.raises(KeyReusedError):
            release(rental, name)
        assert_books_are_right()

    def test_a_hold_is_captured_into_an_account_that_is_no_revenue(self, person: Person) -> None:
        user_id, request = person(wallet=100_00), about("refund")
        place(user_id, request, 60_00)
        with transaction():
            holds.capture_hold_into(
                reference=request,
                amount=60_00,
                account=network_account(Kind.REFUNDS_CLEARING),
                key=key(),
                actor="system",
            )
        assert shared_balance("refunds_clearing") == 60_00
        assert_books_are_right()
