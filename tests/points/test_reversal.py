"""What was given back has earned nothing: a part of it in its share, and once, whatever comes first."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import refunds, topups
from powerbank.outbox.catalogue import reward_jobs
from powerbank.points import earnings
from powerbank.points.earnings import Earning
from tests.ledger.conftest import Person, assert_books_are_right, award, key, top_up
from tests.points.conftest import (
    befriend,
    charge_back,
    complete,
    drain,
    give_back,
    has,
    pay,
    run,
    tell_topup,
    topped_up,
)


def test_a_rental_that_was_paid_back_has_earned_nothing(person: Person) -> None:
    user_id, rental = person(wallet=100_00), str(uuid4())
    paid = pay(user_id, rental, 50_00)
    complete(user_id, rental)
    give_back(paid)
    drain()
    assert has(user_id).points == 0
    complete(user_id, rental)  # nor does it later
    assert has(user_id).points == 0


def test_a_part_that_was_paid_back_takes_its_share_once(person: Person) -> None:
    user_id, rental = person(wallet=100_00), str(uuid4())
    first, extension = pay(user_id, rental, 50_00), pay(user_id, rental, 10_00)
    complete(user_id, rental)
    give_back(first, 20_00)  # a third of the fare: 1.67 of 5 and 3.33 of 10, rounded in the payer's favour
    drain()
    assert has(user_id).points == (5 - 1) + (10 - 3)
    for _ in range(3):
        run(reward_jobs.REVERSE_POINTS, transaction_id=str(first))
    assert has(user_id).points == 11
    give_back(first)
    drain()
    assert has(user_id).points == (5 - 4) + (10 - 8)
    give_back(extension)
    drain()
    assert has(user_id).points == 0
    assert_books_are_right()


def test_an_overdue_fee_that_was_paid_back_takes_nothing(person: Person) -> None:
    user_id, rental = person(wallet=100_00), str(uuid4())
    pay(user_id, rental, 50_00)
    fee = pay(user_id, rental, 20_00, revenue=Kind.OVERDUE_REVENUE)
    complete(user_id, rental, on_time=False)
    give_back(fee)
    drain()
    assert has(user_id).points == 5


@pytest.mark.parametrize(("back", "earned"), [(20_00, (5 - 2) + (10 - 4)), (49_99, (5 - 4) + (10 - 9)), (1, 15)])
def test_a_part_that_went_back_before_the_award_takes_the_same(person: Person, back: int, earned: int) -> None:
    user_id, rental = person(wallet=50_00), str(uuid4())
    give_back(pay(user_id, rental, 50_00), back)
    drain()
    complete(user_id, rental)
    assert has(user_id).points == earned


def test_an_award_that_comes_after_the_money_is_back_is_none(person: Person) -> None:
    user_id, rental = person(wallet=100_00), str(uuid4())
    give_back(pay(user_id, rental, 50_00))
    complete(user_id, rental)
    assert has(user_id).points == 0


def test_a_topup_keeps_what_the_rest_earns(person: Person) -> None:
    user_id = person()
    topup = topped_up(user_id, 500_00)
    charge_back(topup, 150_00)
    drain()
    assert has(user_id).points == 30
    charge_back(topup, 350_00)
    drain()
    assert has(user_id).points == 0


@pytest.mark.parametrize("first", ["award", "reversal"])
def test_a_topup_of_which_a_part_went_back_before_it_earned(person: Person, first: str) -> None:
    user_id = person()
    with transaction():
        topup = top_up(user_id, 500_00).id
    charge_back(topup, 150_00)
    if first == "reversal":
        drain()
    tell_topup(user_id, topup, 500_00)
    assert has(user_id).points == 30
    assert_books_are_right()


def test_what_the_gateway_gave_again_earns_again(person: Person) -> None:
    user_id = person()
    topup = topped_up(user_id, 500_00)
    for amount, left in ((150_00, 30), (350_00, 10), (150_00, 30)):
        taken = charge_back(topup, amount)
        drain()
        assert has(user_id).points == left
        with transaction():
            topups.reverse_chargeback(chargeback_id=taken, gateway="khalti", key=key(), actor="x", now=utcnow())
        drain()
        assert has(user_id).points == 50
    assert_books_are_right()


def test_a_rental_that_was_cancelled_after_all_earned_nobody_anything(person: Person) -> None:
    invitee, inviter, rental = person(), person(), str(uuid4())
    befriend(invitee=invitee, inviter=inviter)
    complete(invitee, rental)  # a coupon paid for it: there is nothing to refund
    assert (has(invitee).points, has(inviter).points) == (50 + 15, 100)
    for _ in range(3):
        run(reward_jobs.REVERSE_RENTAL, rental_id=rental, user_id=str(invitee), reason="cancelled", amount=0)
    assert (has(invitee).points, has(inviter).points) == (50, 0)
    assert_books_are_right()


def test_an_award_waits_for_a_refund_that_is_under_way(context: Flask, person: Person) -> None:
    """Otherwise it would be given after the refund's own reversal had found nothing to take."""
    user_id, rental = person(wallet=50_00), str(uuid4())
    paid = pay(user_id, rental, 50_00)

    def award_it() -> int:
        with context.app_context(), transaction():
            return earnings.award_earning(user_id=user_id, earning=Earning.RENTAL, object_id=rental)

    with ThreadPoolExecutor(1) as pool:
        with transaction():
            refunds.refund_payment(transaction_id=paid, key=key(), actor="system")
            given = pool.submit(award_it)
            wait_until_somebody_waits(context)
        assert given.result(timeout=30) == 0


def wait_until_somebody_waits(app: Flask) -> None:
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + 30
    with app.app_context():
        while not db.session.scalar(query):
            db.session.rollback()
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_what_is_spent_already_is_owed_and_the_next_points_fill_it(person: Person) -> None:
    user_id = person()
    topup = topped_up(user_id, 1000_00)
    pay(user_id, "another", 0, points=80)
    charge_back(topup, 1000_00)
    drain()
    assert (has(user_id).points, has(user_id).due) == (0, 80)
    complete(user_id)
    assert (has(user_id).points, has(user_id).due) == (0, 65)
    with transaction():
        award(user_id, 100)
    assert (has(user_id).points, has(user_id).due) == (35, 0)
    assert_books_are_right()


def test_whose_points_are_taken_again_is_told(person: Person) -> None:
    user_id, rental = person(wallet=100_00), str(uuid4())
    paid = pay(user_id, rental, 50_00)
    complete(user_id, rental)
    give_back(paid)
    drain()
    told = db.session.scalars(text("SELECT body FROM notices WHERE type = 'points_reversed' ORDER BY id")).all()
    assert sorted(told) == [
        f"What you had earned {points} points for was given back, and so were the points." for points in (10, 5)
    ]
