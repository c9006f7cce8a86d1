"""Dues: created once, paid in parts, and waived."""

from uuid import UUID

import pytest

from powerbank.base.db import db, transaction, utcnow
from powerbank.ledger.accounts import Kind
from powerbank.ledger.errors import InsufficientFundsError
from powerbank.ledger.movements import dues
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Due, WalletTransaction
from tests.ledger.conftest import (
    Person,
    assert_books_are_right,
    balances,
    key,
    shared_balance,
)


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

    def test_a_due_is_created_once_and_paid_in_parts(self, person: Person) -> None:
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

    def test_a_due_is_not_paid_without_the_money(self, person: Person) -> None:
        user_id = person(wallet=10_00)
        due = self.due(user_id, 30_00)
        with pytest.raises(InsufficientFundsError) as refused:
            self.pay(due, Sources(wallet=30_00))
        assert refused.value.shortfall == 20_00

    def test_a_due_is_waived(self, person: Person) -> None:
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
