"""Top-ups, holds, spending, refunds, dues and points: what they move, and what they refuse."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.ledger import transactions
from powerbank.ledger.accounts import Kind, network_account
from powerbank.ledger.errors import InsufficientFundsError, InsufficientPointsError, KeyReusedError
from powerbank.ledger.movements import dues, holds, refunds, topups
from powerbank.ledger.points import services as points
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Due, WalletTransaction
from tests.ledger.conftest import (
    Person,
    about,
    assert_books_are_right,
    award,
    balances,
    key,
    shared_balance,
    top_up,
)


def place(user_id: UUID, reference: Reference, amount: int, points: int = 0, name: str | None = None) -> holds.Holds:
    with transaction():
        return holds.place_hold(
            user_id=user_id, reference=reference, amount=amount, points=points, key=name or key(), actor="system"
        )


def capture(reference: Reference, sources: Sources, name: str | None = None) -> WalletTransaction:
    with transaction():
        return holds.capture_hold(reference=reference, sources=sources, key=name or key(), actor="system")


def release(reference: Reference, name: str | None = None) -> holds.Holds:
    with transaction():
        return holds.release_hold(reference=reference, key=name or key(), actor="system")


def spend(user_id: UUID, sources: Sources, name: str | None = None) -> WalletTransaction:
    with transaction():
        return holds.spend_without_hold(
            user_id=user_id, reference=Reference("rental", "1"), sources=sources, key=name or key(), actor="system"
        )


def refund(paid: WalletTransaction, amount: int | None = None, name: str | None = None) -> WalletTransaction:
    with transaction():
        return refunds.refund_payment(transaction_id=paid.id, amount=amount, key=name or key(), actor="system")


class TestTopUps:
    def test_the_wallet_and_the_gateway(self, person: Person) -> None:
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

    def test_a_pending_one_is_completed_once(self, person: Person) -> None:
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

    def test_one_that_failed_may_still_be_paid(self, person: Person) -> None:
        user_id = person()
        with transaction():
            begun = transactions.begin_topup(user_id=user_id, amount=100_00, reference=about("intent"))
        with transaction():
            assert transactions.fail_topup(begun.id).status == "failed"
        with transaction():
            assert top_up(user_id, 100_00, transaction_id=begun.id).status == "success"

    def test_it_is_not_credited_with_another_amount(self, person: Person) -> None:
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


class TestHolds:
    def test_held_money_cannot_be_spent(self, person: Person) -> None:
        user_id, rental = person(wallet=100_00), about()
        place(user_id, rental, 60_00)
        assert balances(user_id) == {"user_wallet": 40_00, "user_hold": 60_00}
        with pytest.raises(InsufficientFundsError) as refused:
            spend(user_id, Sources(wallet=50_00))
        assert refused.value.shortfall == 10_00

    def test_captured_in_part_and_the_rest_released(self, person: Person) -> None:
        user_id, rental = person(wallet=100_00), about()
        place(user_id, rental, 60_00)
        capture(rental, Sources(wallet=25_00))
        capture(rental, Sources(wallet=5_00))
        release(rental)
        assert balances(user_id) == {"user_wallet": 70_00}
        assert shared_balance("rental_revenue") == 30_00
        assert release(rental) == {}
        assert_books_are_right()

    def test_points_and_money_together(self, person: Person) -> None:
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

    def test_into_an_account_that_is_no_revenue(self, person: Person) -> None:
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


class TestDues:
    def due(self, user_id: UUID, amount: int, name: str | None = None) -> Due:
        with transaction():
            return dues.create_due(
                user_id=user_id,
                reference=Reference("rental", "1"),
                amount=amount,
                revenue=Kind.OVERDUE_REVENUE,
                key=name or key(),
                actor="system",
            )

    def pay(self, due: Due, sources: Sources, name: str | None = None) -> WalletTransaction:
        with transaction():
            return dues.pay_due(due_id=due.id, sources=sources, key=name or key(), actor="system", now=utcnow())

    def test_created_once_and_paid_in_parts(self, person: Person) -> None:
        user_id, name = person(wallet=100_00, points=50), key()
        due = self.due(user_id, 30_00, name)
        assert self.due(user_id, 30_00, name).id == due.id
        assert balances(user_id)["dues_receivable"] == -30_00
        assert shared_balance("overdue_revenue") == 30_00
        paid = key()
        first = [self.pay(due, Sources(wallet=10_00), paid).id for _ in range(2)]
        assert len(set(first)) == 1
        with pytest.raises(dues.MoreThanDueError):
            self.pay(due, Sources(wallet=20_01))
        self.pay(due, Sources(wallet=15_00, points=50, points_value=5_00))
        assert balances(user_id) == {"user_wallet": 75_00}
        db.session.expire_all()
        assert db.session.get_one(Due, due.id).status == "closed"
        with pytest.raises(dues.MoreThanDueError):
            self.pay(due, Sources(wallet=1))
        assert_books_are_right()

    def test_not_paid_with_what_is_not_there(self, person: Person) -> None:
        user_id = person(wallet=10_00)
        due = self.due(user_id, 30_00)
        with pytest.raises(InsufficientFundsError) as refused:
            self.pay(due, Sources(wallet=30_00))
        assert refused.value.shortfall == 20_00

    def test_waived(self, person: Person) -> None:
        user_id, name = person(), key()
        due = self.due(user_id, 30_00)
        for _ in range(2):
            with transaction():
                dues.waive_due(due_id=due.id, key=name, actor="system", now=utcnow(), amount=10_00)
        with transaction():
            dues.waive_due(due_id=due.id, key=key(), actor="system", now=utcnow(), against=Kind.OVERDUE_REVENUE)
        assert balances(user_id) == {}
        assert shared_balance("write_offs") == -10_00
        assert shared_balance("overdue_revenue") == 10_00
        with pytest.raises(dues.MoreThanDueError), transaction():
            dues.waive_due(due_id=due.id, key=key(), actor="system", now=utcnow())
        assert_books_are_right()


class TestPoints:
    def revoke(self, user_id: UUID, amount: int, name: str) -> int:
        with transaction():
            return points.revoke_points(user_id=user_id, points=amount, reference=about(), key=name, actor="system")

    def test_what_is_spent_is_owed_and_the_next_award_fills_it(self, person: Person) -> None:
        user_id, name = person(points=30), key()
        assert [self.revoke(user_id, 50, name) for _ in range(2)] == [30, 0]
        assert balances(user_id) == {"points_dues_receivable": -20}
        with transaction():
            assert award(user_id, 25) == 5
        assert balances(user_id) == {"user_points": 5}
        assert shared_balance("points_liability") == -5
        assert_books_are_right()
