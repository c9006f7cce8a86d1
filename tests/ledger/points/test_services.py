"""Points that are taken back after they were spent are owed."""

from uuid import UUID

from powerbank.base.db import transaction
from powerbank.ledger.points import services as points
from tests.ledger.conftest import (
    Person,
    about,
    assert_books_are_right,
    award,
    balances,
    key,
    shared_balance,
)


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
