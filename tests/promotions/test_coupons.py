"""What a coupon takes off, to whom, how often, and never beyond its budget."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.promotions import coupons
from powerbank.promotions.models import Campaign
from powerbank.users import identifiers, lifecycle
from powerbank.users import services as users
from tests.ledger.conftest import Person, all_at_once
from tests.promotions.conftest import CODE, Make, quote, redeem

NOW = utcnow()


def refusal(user_id: UUID, price: int = 100_00, code: str = CODE) -> str:
    """Return the code with which the quote is refused; using the coupon is refused with the same."""
    with pytest.raises(AppError) as quoted:
        quote(user_id, price, code)
    with pytest.raises(AppError) as used:
        redeem(user_id, price, code=code)
    assert quoted.value.code == used.value.code
    return quoted.value.code


def counts() -> tuple[int, int]:
    db.session.rollback()
    row = db.session.execute(text("SELECT used, spent FROM coupons")).one()
    return row.used, row.spent


@pytest.mark.parametrize(
    ("rules", "price", "off"),
    [
        ({"kind": "percent", "value": 20}, 99_99, 19_99),
        ({"kind": "percent", "value": 20, "most": 15_00}, 100_00, 15_00),
        ({"kind": "percent", "value": 100}, 100_00, 100_00),
        ({"kind": "amount", "value": 30_00}, 100_00, 30_00),
        ({"kind": "amount", "value": 30_00}, 20_00, 20_00),
    ],
)
def test_a_coupon_takes_its_discount_off(
    person: Person, coupon: Make, rules: dict[str, Any], price: int, off: int
) -> None:
    coupon(**rules)
    user_id = person()
    assert quote(user_id, price, " dashain ") == off
    assert redeem(user_id, price) == off
    assert counts() == (1, off)


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"active": False}, "coupon_inactive"),
        ({"starts_at": NOW + timedelta(days=1)}, "coupon_not_begun"),
        ({"ends_at": NOW - timedelta(days=1)}, "coupon_over"),
        ({"min_price": 100_01}, "coupon_price_too_low"),
        ({"budget": 19_99}, "coupon_used_up"),
        ({"kind": "points", "value": 50}, "coupon_gives_points"),
    ],
)
def test_a_coupon_is_refused_for_each_reason(person: Person, coupon: Make, rules: dict[str, Any], why: str) -> None:
    coupon(**rules)
    assert refusal(person()) == why
    assert counts() == (0, 0)


def test_an_unknown_code_is_refused(person: Person) -> None:
    assert refusal(person(), code="NOTHING") == "coupon_unknown"


def test_the_window_of_the_campaign_holds_too(person: Person, coupon: Make) -> None:
    with transaction() as session:
        campaign = Campaign(name="Autumn", ends_at=NOW - timedelta(days=1))
        session.add(campaign)
    coupon(campaign_id=campaign.id)
    assert refusal(person()) == "coupon_over"


def test_a_coupon_is_used_once_a_person_and_within_its_limit(person: Person, coupon: Make) -> None:
    coupon(total_limit=2)
    first, second, third = person(), person(), person()
    redeem(first)
    assert refusal(first) == "coupon_used_before"
    redeem(second)
    assert refusal(third) == "coupon_used_up"


def test_the_same_key_is_the_same_use(person: Person, coupon: Make) -> None:
    coupon()
    user_id, rental = person(), uuid4()
    assert [redeem(user_id, rental=rental, key="k") for _ in range(10)] == [20_00] * 10
    assert counts() == (1, 20_00)


def test_a_coupon_for_the_first_rental_only(person: Person, coupon: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    coupon(first_rental_only=True)
    old, new = person(), person()
    monkeypatch.setattr(coupons, "_answers", [lambda user_id: user_id == old])
    assert refusal(old) == "coupon_first_rental_only"
    assert redeem(new) == 20_00


def test_two_on_one_rental_only_if_both_go_together(person: Person, coupon: Make) -> None:
    coupon(code="LONER", per_user_limit=5)
    for code in ("FIRST", "SECOND"):
        coupon(code=code, stackable=True, per_user_limit=5)
    user_id, one, two = person(), uuid4(), uuid4()
    redeem(user_id, code="FIRST", rental=one)
    redeem(user_id, code="SECOND", rental=one)
    redeem(user_id, code="LONER", rental=two)
    for rental, code in ((one, "LONER"), (two, "FIRST"), (one, "FIRST")):
        with pytest.raises(AppError, match="does not go together"):
            redeem(user_id, code=code, rental=rental)


def test_given_back_once_it_can_be_used_again(person: Person, coupon: Make) -> None:
    coupon(total_limit=1)
    user_id, rental = person(), uuid4()
    redeem(user_id, rental=rental)
    for _ in range(3):
        with transaction():
            coupons.give_back_coupons(rental, now=utcnow())
    assert counts() == (0, 0)
    assert redeem(user_id) == 20_00
    with transaction():
        coupons.give_back_coupons(uuid4(), now=utcnow())  # a rental without one


def test_a_caller_that_goes_on_without_it_has_used_nothing(person: Person, coupon: Make) -> None:
    with transaction() as session:
        campaign = Campaign(name="Poor", budget=1)
        session.add(campaign)
    coupon(campaign_id=campaign.id)
    user_id = person()
    with transaction(), pytest.raises(AppError):
        coupons.redeem_coupon(user_id=user_id, code=CODE, price=100_00, reference=uuid4(), key="k", now=utcnow())
    assert counts() == (0, 0)


@pytest.mark.parametrize("purse", ["coupon", "campaign", "uses"])
def test_five_hundred_uses_at_once_stay_within_the_limit(
    context: Flask, person: Person, coupon: Make, purse: str
) -> None:
    rules: dict[str, Any] = {"coupon": {"budget": 20_00 * 37 + 19_99}, "uses": {"total_limit": 37}}.get(purse, {})
    if purse == "campaign":
        with transaction() as session:
            campaign = Campaign(name="Autumn", budget=20_00 * 37 + 19_99)
            session.add(campaign)
        rules = {"campaign_id": campaign.id}
    coupon(**rules, per_user_limit=50)
    people = [person() for _ in range(25)]

    def one(number: int) -> int:
        discount = coupons.redeem_coupon(
            user_id=people[number % 25], code=CODE, price=100_00, reference=uuid4(), key=str(uuid4()), now=utcnow()
        )
        return discount.amount

    answers = Counter(all_at_once(context, [lambda number=n: one(number) for n in range(500)]))  # type: ignore[misc]
    assert answers == {20_00: 37, "coupon_used_up": 463}
    assert counts() == (37, 37 * 20_00)
    assert db.session.scalar(text("SELECT count(*) FROM coupon_redemptions")) == 37


def test_one_person_ten_times_at_once_is_one_use(context: Flask, person: Person, coupon: Make) -> None:
    coupon()
    user_id = person()

    def one() -> int:
        return coupons.redeem_coupon(
            user_id=user_id, code=CODE, price=100_00, reference=uuid4(), key=str(uuid4()), now=utcnow()
        ).amount

    assert Counter(all_at_once(context, [one] * 10)) == {20_00: 1, "coupon_used_before": 9}


class TestWhoComesBack:
    """Somebody whose account has ended and who made another with the same number."""

    @pytest.fixture
    def again(self, context: Flask) -> Callable[[], UUID]:
        """End the account of before, if there is one, and make the next."""
        made: list[UUID] = []

        def join() -> UUID:
            with transaction():
                if made:
                    lifecycle.end_account(made[-1], now=utcnow())
                user = users.create_user(
                    contact=identifiers.parse_contact_address("9812345670"),
                    username=f"sita{len(made)}",
                    first_name=None,
                    last_name=None,
                    referral_code=None,
                )
            made.append(user.id)
            return user.id

        return join

    def test_does_not_use_a_coupon_again(self, coupon: Make, again: Callable[[], UUID]) -> None:
        coupon()
        assert redeem(again()) == 20_00
        assert refusal(again()) == "coupon_used_before"

    def test_coupons_for_a_first_rental_are_refused_if_an_earlier_account_rented(
        self, coupon: Make, again: Callable[[], UUID], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = again()
        monkeypatch.setattr(coupons, "_answers", [lambda user_id: user_id == first])
        coupon(first_rental_only=True)
        assert refusal(again()) == "coupon_first_rental_only"
