"""Whatever order money moves in, with repeats and rollbacks: the books are right, and agree with a simple count."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.ledger import sums
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues, holds, refunds, topups
from powerbank.ledger.points import services as points
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Due, WalletTransaction
from powerbank.points.queries import points_of_user
from tests.examples import THOROUGH
from tests.ledger.conftest import about, assert_books_are_right, award, balances, key, make_person, top_up

AMOUNTS = st.integers(1, 300_00)
POINTS = st.integers(0, 200)
AGE = text("""
    UPDATE points_lots SET expires_at = expires_at - make_interval(days => :days)
     WHERE user_id = :user_id AND get_byte(uuid_send(id), 15) % 3 = 0
""")
LOTS = text("""
    SELECT coalesce(sum(available), 0) AS available, coalesce(sum(held), 0) AS held
      FROM points_lots WHERE user_id = :user_id
""")
FATES = st.sampled_from(["commit", "commit", "commit", "twice", "rollback"])


class BreakOffError(Exception):
    pass


def break_off_if(wanted: bool) -> None:
    if wanted:
        raise BreakOffError


class Money(RuleBasedStateMachine):
    app: Flask
    topped = Bundle("topped")
    held = Bundle("held")
    paid = Bundle("paid")
    owed = Bundle("owed")

    @initialize()
    def begin(self) -> None:
        self.context = self.app.app_context()
        self.context.push()
        self.people = [make_person() for _ in range(2)]
        # This counts, without a ledger, what each person has in the wallet, held and in points.
        self.money = dict.fromkeys(self.people, 0)
        self.points = dict.fromkeys(self.people, 0)

    def teardown(self) -> None:
        if hasattr(self, "context"):
            self.context.pop()

    def attempt(self, fate: str, act: Callable[[], Any]) -> Any:
        """Return what a committed act answers, or None if it was refused or rolled back.

        A repeat must answer the same.
        """
        try:
            with transaction():
                done = act()
                break_off_if(fate == "rollback")
            if fate == "twice":
                with transaction():
                    again = act()
                assert getattr(again, "id", None) == getattr(done, "id", None)
        except (AppError, BreakOffError):
            return None
        return done

    def someone(self, number: int) -> UUID:
        return self.people[number]

    @rule(target=topped, who=st.integers(0, 1), amount=AMOUNTS, fate=FATES)
    def top_up(self, who: int, amount: int, fate: str) -> Any:
        user_id, name = self.someone(who), key()
        done = self.attempt(fate, lambda: top_up(user_id, amount, key=name))
        if done is None:
            return multiple()
        self.money[user_id] += amount
        return done.id

    @rule(who=st.integers(0, 1), amount=st.integers(1, 200))
    def award(self, who: int, amount: int) -> None:
        with transaction():  # what is owed in points is filled first
            self.points[self.someone(who)] += award(self.someone(who), amount)

    @rule(who=st.integers(0, 1), amount=st.integers(1, 200), fate=FATES)
    def revoke(self, who: int, amount: int, fate: str) -> None:
        user_id, name = self.someone(who), key()
        taken = self.attempt(
            fate,
            lambda: (
                points.revoke_points(user_id=user_id, points=amount, reference=about(), key=name, actor="system")
                or None
            ),
        )
        self.points[user_id] -= taken or 0

    @rule(who=st.integers(0, 1), days=st.sampled_from([300, 364, 366]))
    def expire(self, who: int, days: int) -> None:
        """Let lots expire. They are of different days: a third of them grows old at a time."""
        user_id, name = self.someone(who), key()
        with transaction() as session:
            session.execute(AGE, {"user_id": user_id, "days": days})
        with transaction():
            self.points[user_id] -= points.expire_points(user_id=user_id, now=utcnow(), key=name, actor="system")

    @rule(target=held, who=st.integers(0, 1), amount=AMOUNTS, points=POINTS, fate=FATES)
    def hold(self, who: int, amount: int, points: int, fate: str) -> Any:
        user_id, reference, name = self.someone(who), about(), key()
        done = self.attempt(
            fate,
            lambda: holds.place_hold(
                user_id=user_id, reference=reference, amount=amount, points=points, key=name, actor="system"
            ),
        )
        return multiple() if done is None else (user_id, reference)

    @rule(target=paid, hold=held, amount=AMOUNTS, points=POINTS, fate=FATES)
    def capture(self, hold: tuple[UUID, Reference], amount: int, points: int, fate: str) -> Any:
        user_id, reference = hold
        sources, name = Sources(amount, points, points * 10), key()
        done = self.attempt(
            fate, lambda: holds.capture_hold(reference=reference, sources=sources, key=name, actor="system")
        )
        return self.took(user_id, done, sources)

    @rule(hold=held, fate=FATES)
    def release(self, hold: tuple[UUID, Reference], fate: str) -> None:
        name = key()
        self.attempt(fate, lambda: holds.release_hold(reference=hold[1], key=name, actor="system"))

    @rule(target=paid, who=st.integers(0, 1), amount=AMOUNTS, points=POINTS, fate=FATES)
    def spend(self, who: int, amount: int, points: int, fate: str) -> Any:
        user_id, name = self.someone(who), key()
        sources, reference = Sources(amount, points, points * 10), about()
        done = self.attempt(
            fate,
            lambda: holds.spend_without_hold(
                user_id=user_id, reference=reference, sources=sources, key=name, actor="system"
            ),
        )
        return self.took(user_id, done, sources)

    @rule(target=owed, who=st.integers(0, 1), amount=AMOUNTS, fate=FATES)
    def owe(self, who: int, amount: int, fate: str) -> Any:
        user_id, name, reference = self.someone(who), key(), about()
        done = self.attempt(
            fate,
            lambda: dues.create_due(
                user_id=user_id,
                reference=reference,
                amount=amount,
                revenue=Kind.OVERDUE_REVENUE,
                key=name,
                actor="system",
            ),
        )
        return multiple() if done is None else done

    @rule(target=paid, due=owed, amount=AMOUNTS, points=POINTS, fate=FATES)
    def pay_due(self, due: Due, amount: int, points: int, fate: str) -> Any:
        sources, name = Sources(amount, points, points * 10), key()
        done = self.attempt(
            fate, lambda: dues.pay_due(due_id=due.id, sources=sources, key=name, actor="system", now=utcnow())
        )
        return self.took(due.user_id, done, sources)

    @rule(due=owed, fate=FATES)
    def waive(self, due: Due, fate: str) -> None:
        name = key()
        self.attempt(fate, lambda: dues.waive_due(due_id=due.id, key=name, actor="system", now=utcnow()))

    @rule(payment=paid, amount=st.none() | AMOUNTS, fate=FATES)
    def refund(self, payment: tuple[UUID, UUID], amount: int | None, fate: str) -> None:
        user_id, transaction_id = payment
        name = key()
        done: WalletTransaction | None = self.attempt(
            fate, lambda: refunds.refund_payment(transaction_id=transaction_id, amount=amount, key=name, actor="system")
        )
        if done is not None:
            self.money[user_id] += done.wallet
            self.points[user_id] += done.points

    @rule(topup=topped, amount=AMOUNTS, fate=FATES)
    def charge_back(self, topup: UUID, amount: int, fate: str) -> None:
        name = key()
        before = {user_id: self.has(user_id) for user_id in self.people}
        self.attempt(
            fate,
            lambda: topups.charge_back_topup(
                transaction_id=topup, gateway="khalti", amount=amount, key=name, actor="system"
            ),
        )
        for user_id in self.people:  # how much of it the wallet still had is the ledger's to say
            self.money[user_id] += self.has(user_id) - before[user_id]

    @rule()
    def seal(self) -> None:
        with transaction():
            sums.close_seal(now=utcnow())
        with transaction():
            sums.name_seal()

    def took(self, user_id: UUID, done: WalletTransaction | None, sources: Sources) -> Any:
        if done is None:
            return multiple()
        self.money[user_id] -= sources.wallet
        self.points[user_id] -= sources.points
        return user_id, done.id

    def has(self, user_id: UUID) -> int:
        found = balances(user_id)
        return found.get("user_wallet", 0) + found.get("user_hold", 0)

    @invariant()
    def people_have_what_they_should(self) -> None:
        for user_id in getattr(self, "people", []):
            found = balances(user_id)
            assert self.has(user_id) == self.money[user_id]
            assert found.get("user_points", 0) + found.get("user_points_hold", 0) == self.points[user_id]

    @invariant()
    def lots_and_the_shown_points_are_the_ledgers(self) -> None:
        for user_id in getattr(self, "people", []):
            shown = points_of_user(user_id)
            lots = db.session.execute(LOTS, {"user_id": user_id}).one()
            found = balances(user_id)
            assert shown.points == lots.available == found.get("user_points", 0)
            assert shown.held == lots.held == found.get("user_points_hold", 0)
            assert shown.due == -found.get("points_dues_receivable", 0)

    @invariant()
    def the_books_are_right(self) -> None:
        if hasattr(self, "people"):
            assert_books_are_right()


@pytest.mark.usefixtures("clean")
def test_money_is_never_made_or_lost(app: Flask) -> None:
    Money.app = app
    machine = Money.TestCase
    machine.settings = settings(
        max_examples=12 * THOROUGH,
        stateful_step_count=30,
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
    )
    machine().runTest()
