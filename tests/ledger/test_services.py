"""The one way in: once for each key, balanced, and never below a floor."""

import pytest

from powerbank.base.db import db, transaction
from powerbank.ledger import services
from powerbank.ledger.accounts import Kind, gateway_account, network_account, user_account
from powerbank.ledger.errors import InsufficientFundsError, InsufficientPointsError, KeyReusedError, UnbalancedError
from powerbank.ledger.models import Entry, Posting
from powerbank.ledger.services import EntryKind, Line, Posted
from tests.ledger.conftest import Person, assert_books_are_right, balances, key


def topup_lines(user_id: object, amount: int) -> list[Line]:
    return [Line(user_account(Kind.USER_WALLET, user_id), amount), Line(gateway_account("khalti"), -amount)]  # type: ignore[arg-type]


def post(lines: list[Line], name: str, kind: EntryKind = EntryKind.TOPUP) -> Posted:
    with transaction():
        return services.post_entry(kind=kind, key=name, lines=lines, actor="system")


def test_a_key_is_booked_once(person: Person) -> None:
    user_id, name = person(), key()
    first = post(topup_lines(user_id, 150_00), name)
    again = post(topup_lines(user_id, 150_00), name)
    assert (first.fresh, again.fresh, again.entry_id) == (True, False, first.entry_id)
    assert balances(user_id) == {"user_wallet": 150_00}


def test_a_key_is_not_used_for_something_else(person: Person) -> None:
    user_id, other, name = person(), person(), key()
    post(topup_lines(user_id, 150_00), name)
    for lines, kind in (
        (topup_lines(user_id, 150_01), EntryKind.TOPUP),
        (topup_lines(other, 150_00), EntryKind.TOPUP),
        (topup_lines(user_id, 150_00), EntryKind.REFUND),
    ):
        with pytest.raises(KeyReusedError):
            post(lines, name, kind)
    assert balances(user_id) == {"user_wallet": 150_00}
    assert balances(other) == {}


def test_an_entry_that_does_not_balance_is_refused(person: Person) -> None:
    user_id = person()
    wallet = user_account(Kind.USER_WALLET, user_id)
    for lines in (
        [Line(wallet, 100)],
        [Line(wallet, 100), Line(gateway_account("khalti"), -99)],
        [Line(wallet, 100), Line(network_account(Kind.POINTS_LIABILITY), -100)],  # rupees against points
        [Line(wallet, 0), Line(gateway_account("khalti"), 0)],
        [],
    ):
        with pytest.raises(UnbalancedError):
            post(lines, key())


def test_a_refusal_says_how_much_is_missing_and_leaves_nothing(person: Person) -> None:
    user_id = person(wallet=70_00, points=5)
    name = key()
    with pytest.raises(InsufficientFundsError) as money:
        post(topup_lines(user_id, -100_00), name)
    assert (money.value.status, money.value.data) == (402, {"shortfall": "30.00", "currency": "NPR"})
    with pytest.raises(InsufficientPointsError) as points:
        post([Line(user_account(Kind.USER_POINTS, user_id), -8), Line(network_account(Kind.POINTS_LIABILITY), 8)], name)
    assert points.value.data == {"shortfall_points": 3}
    with transaction():
        assert services.find_entry(name) is None
    assert balances(user_id) == {"user_wallet": 70_00, "user_points": 5}


def test_one_that_was_refused_can_be_caught_and_something_else_booked(person: Person) -> None:
    user_id = person(wallet=50)
    with transaction():
        with pytest.raises(InsufficientFundsError):
            services.post_entry(kind=EntryKind.SPEND, key=key(), lines=topup_lines(user_id, -51), actor="system")
        services.post_entry(kind=EntryKind.SPEND, key=key(), lines=topup_lines(user_id, -50), actor="system")
    assert balances(user_id) == {}
    assert_books_are_right()


def test_a_repeat_is_told_even_when_the_money_is_gone(person: Person) -> None:
    user_id, name = person(wallet=100), key()
    first = post(topup_lines(user_id, -100), name, EntryKind.SPEND)
    assert post(topup_lines(user_id, -100), name, EntryKind.SPEND) == Posted(first.entry_id, fresh=False)


def test_a_rollback_leaves_nothing(person: Person) -> None:
    user_id, name = person(), key()

    def break_off() -> None:
        with transaction():
            services.post_entry(kind=EntryKind.TOPUP, key=name, lines=topup_lines(user_id, 100), actor="system")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert balances(user_id) == {}
    assert post(topup_lines(user_id, 100), name).fresh


def test_entries_after_a_savepoint_that_was_rolled_back_go_on_from_what_stays(person: Person) -> None:
    user_id = person()

    def book(amount: int) -> None:
        services.post_entry(kind=EntryKind.TOPUP, key=key(), lines=topup_lines(user_id, amount), actor="system")

    with transaction() as session:
        services.lock_user_accounts(user_id)
        book(100)
        given_up = session.begin_nested()
        book(50)
        given_up.rollback()
        book(7)
        with session.begin_nested():
            book(20)
        book(1)
    assert balances(user_id)[Kind.USER_WALLET] == 128


def test_lines_of_one_account_are_one_posting(person: Person) -> None:
    user_id = person()
    posted = post(topup_lines(user_id, 100) + topup_lines(user_id, 20), key())
    amounts = [posting.amount for posting in db.session.get_one(Entry, posted.entry_id).postings]
    assert sorted(amounts) == [-120, 120]
    assert db.session.query(Posting).count() == 2
