"""Many at once, on connections of their own."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.ledger import services
from powerbank.ledger.accounts import Kind, user_account
from powerbank.ledger.movements import dues, holds, refunds
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import WalletTransaction
from tests.ledger.conftest import Person, about, all_at_once, assert_books_are_right, balances, key, make_person, top_up


def spend_once(user_id: UUID, amount: int, name: str | None = None) -> str:
    paid = holds.spend_without_hold(
        user_id=user_id,
        reference=Reference("rental", "1"),
        sources=Sources(wallet=amount),
        key=name or key(),
        actor="system",
    )
    return str(paid.id)


def test_twenty_spend_what_covers_seven(context: Flask, person: Person) -> None:
    user_id = person(wallet=7 * 15_00 + 14_99)
    answers = Counter(
        "spent" if answer != "insufficient_funds" else answer
        for answer in all_at_once(context, [lambda: spend_once(user_id, 15_00)] * 20)
    )
    assert answers == {"spent": 7, "insufficient_funds": 13}
    assert balances(user_id) == {"user_wallet": 14_99}
    assert_books_are_right()


def test_one_key_twenty_times_is_one_entry(context: Flask, person: Person) -> None:
    user_id, name = person(wallet=100_00), key()
    answers = all_at_once(context, [lambda: spend_once(user_id, 15_00, name)] * 20)
    assert len(set(answers)) == 1
    assert balances(user_id) == {"user_wallet": 85_00}


def test_a_topup_of_a_newcomer_arrives_once(context: Flask, person: Person) -> None:
    """Their accounts do not exist yet: whoever opens them, the others wait and find them."""
    user_id, name = person(), key()
    answers = all_at_once(context, [lambda: str(top_up(user_id, 15_00, key=name).id)] * 20)
    assert len(set(answers)) == 1
    assert balances(user_id) == {"user_wallet": 15_00}


def test_refunds_never_give_back_more_than_was_paid(context: Flask, person: Person) -> None:
    user_id = person(wallet=70_00, points=100)
    with transaction():
        paid = holds.spend_without_hold(
            user_id=user_id,
            reference=about(),
            sources=Sources(wallet=70_00, points=100, points_value=10_00),
            key=key(),
            actor="system",
        )

    def give_back() -> WalletTransaction:
        return refunds.refund_payment(transaction_id=paid.id, amount=15_00, key=key(), actor="system")

    answers = all_at_once(context, [give_back] * 20)
    assert answers.count("refund_exceeds_payment") == 15
    assert_books_are_right()


def test_one_hold_is_captured_or_released_but_not_both(context: Flask, person: Person) -> None:
    user_id, rental = person(wallet=100_00), about()
    with transaction():
        holds.place_hold(user_id=user_id, reference=rental, amount=50_00, key=key(), actor="system")
    jobs: list[Callable[[], Any]] = [
        lambda: bool(holds.capture_hold(reference=rental, sources=Sources(wallet=50_00), key=key(), actor="system")),
        lambda: bool(holds.release_hold(reference=rental, key=key(), actor="system")),
    ] * 5
    answers = all_at_once(context, jobs)
    assert answers.count(True) == 1
    assert balances(user_id) in ({"user_wallet": 50_00}, {"user_wallet": 100_00})
    assert_books_are_right()


def test_whoever_has_the_person_does_not_wait_for_who_has_the_hold(context: Flask, person: Person) -> None:
    user_id, rental = person(wallet=100_00), about()
    with transaction():
        holds.place_hold(user_id=user_id, reference=rental, amount=50_00, key=key(), actor="system")

    def capture() -> None:
        holds.capture_hold(reference=rental, sources=Sources(wallet=1), key=key(), actor="system")

    def spend_and_capture() -> None:
        spend_once(user_id, 1)
        capture()

    assert all_at_once(context, [capture, spend_and_capture] * 30) == [None] * 60
    assert balances(user_id) == {"user_wallet": 50_00 - 30, "user_hold": 50_00 - 60}


def test_opposing_transfers_do_not_wait_in_a_circle(context: Flask, person: Person) -> None:
    people = [person(wallet=1000_00) for _ in range(6)]

    def transfer() -> bool:
        giver, taker = random.sample(people, 2)
        lines = [Line(user_account(Kind.USER_WALLET, giver), -1), Line(user_account(Kind.USER_WALLET, taker), 1)]
        random.shuffle(lines)
        return services.post_entry(kind=EntryKind.TRANSFER, key=key(), lines=lines, actor="system").fresh

    assert all(all_at_once(context, [transfer] * 600))
    assert sum(balances(user_id)["user_wallet"] for user_id in people) == 6 * 1000_00
    assert_books_are_right()


def test_one_person_is_settled_from_all_sides(context: Flask) -> None:
    """Several entries in one transaction, over the same accounts in different orders, for one who just joined."""
    user_id = make_person()

    def bring() -> None:
        top_up(user_id, 40_00)

    def owe_and_pay() -> None:
        due = dues.create_due(
            user_id=user_id, reference=about(), amount=5_00, revenue=Kind.OVERDUE_REVENUE, key=key(), actor="system"
        )
        dues.pay_due(due_id=due.id, sources=Sources(wallet=5_00), key=key(), actor="system", now=utcnow())

    def hold_and_capture() -> None:
        rental = about()
        holds.place_hold(user_id=user_id, reference=rental, amount=20_00, key=key(), actor="system")
        holds.capture_hold(reference=rental, sources=Sources(wallet=11_00), key=key(), actor="system")
        holds.release_hold(reference=rental, key=key(), actor="system")

    answers = all_at_once(context, [bring, owe_and_pay, hold_and_capture] * 30)
    assert set(answers) <= {None, "insufficient_funds"}
    assert answers.count(None) >= 60
    assert_books_are_right()


@pytest.mark.parametrize("order", [1, -1])
def test_a_transaction_over_two_people_takes_both_first(context: Flask, person: Person, order: int) -> None:
    people = [person(wallet=100_00) for _ in range(2)][::order]

    def one_after_the_other(first: UUID, second: UUID) -> None:
        services.lock_user_accounts(first, second)
        spend_once(first, 1)
        spend_once(second, 1)

    jobs = [lambda: one_after_the_other(*people), lambda: one_after_the_other(*people[::-1])] * 20
    assert all_at_once(context, jobs) == [None] * 40


def test_locked_accounts_are_known_until_something_is_booked(context: Flask, person: Person) -> None:
    user_id = person(wallet=100_00)
    wallet = user_account(Kind.USER_WALLET, user_id)
    with transaction():
        assert services.lock_user_accounts(user_id)[wallet].balance == 100_00
        spend_once(user_id, 30_00)
        assert services.lock_user_accounts(user_id)[wallet].balance == 70_00
        top_up(user_id, 5_00)
        assert services.lock_user_accounts(user_id)[wallet].balance == 75_00
    with transaction():
        assert services.lock_user_accounts(user_id)[wallet].balance == 75_00


def test_locks_that_a_savepoint_gave_up_are_taken_again(context: Flask, person: Person) -> None:
    user_id = person(wallet=100_00)

    def is_locked() -> bool:
        rows = text("SELECT 1 FROM ledger_accounts WHERE owner = :owner AND floored FOR UPDATE SKIP LOCKED")
        with db.engine.connect() as other:
            return not other.execute(rows, {"owner": str(user_id)}).all()

    with transaction() as session:
        savepoint = session.begin_nested()
        services.lock_user_accounts(user_id)
        assert is_locked()
        savepoint.rollback()
        assert not is_locked()
        services.lock_user_accounts(user_id)
        assert is_locked()
