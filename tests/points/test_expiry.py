"""Points expire once, are warned of once, go out by what expires first, and come back to where they were."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import db, transaction
from powerbank.ledger.movements import holds, refunds
from powerbank.ledger.sources import Sources
from powerbank.outbox.catalogue import reward_jobs
from powerbank.points import expiry
from powerbank.points.events import PointsExpiring
from tests.ledger.conftest import Person, about, assert_books_are_right, award, key
from tests.points.conftest import has, run


@pytest.fixture
def saver(person: Person) -> UUID:
    """Make a person with three lots of 10 points that expire in 1, 5 and 100 days."""
    user_id = person()
    for days in (5, 1, 100):
        with transaction() as session:
            award(user_id, 10)
            session.execute(
                text(
                    "UPDATE points_lots SET expires_at = now() + make_interval(days => :days)"
                    " WHERE id = (SELECT max(id::text)::uuid FROM points_lots)"
                ),
                {"days": days},
            )
    return user_id


def lots() -> list[int]:
    """List what each lot has left, the first to expire first."""
    db.session.rollback()
    return list(db.session.scalars(text("SELECT available FROM points_lots ORDER BY expires_at")))


def pass_days(days: int) -> None:
    with transaction() as session:
        session.execute(text("UPDATE points_lots SET expires_at = expires_at - make_interval(days => :d)"), {"d": days})


def spend(user_id: UUID, points: int) -> UUID:
    with transaction():
        paid = holds.spend_without_hold(
            user_id=user_id, reference=about(), sources=Sources(0, points, points * 10), key=key(), actor="system"
        )
    return paid.id


def test_the_first_to_expire_goes_first(saver: UUID) -> None:
    spend(saver, 12)
    assert lots() == [0, 8, 10]


def test_a_refund_goes_back_to_its_lots(saver: UUID) -> None:
    paid = spend(saver, 25)
    assert lots() == [0, 0, 5]
    for amount, left in ((60, [0, 1, 10]), (None, [10, 10, 10])):
        with transaction():
            refunds.refund_payment(transaction_id=paid, amount=amount, key=key(), actor="system")
        assert lots() == left
    assert_books_are_right()


def test_held_points_are_captured_and_released_in_their_lots(saver: UUID) -> None:
    rental, other = about(), about()
    with transaction():
        holds.place_hold(user_id=saver, reference=rental, amount=0, points=15, key=key(), actor="system")
    with transaction():
        holds.place_hold(user_id=saver, reference=other, amount=0, points=10, key=key(), actor="system")
    assert lots() == [0, 0, 5]
    with transaction():
        holds.capture_hold(reference=rental, sources=Sources(0, 11, 110), key=key(), actor="system")
    with transaction():
        holds.release_hold(reference=rental, key=key(), actor="system")
    assert lots() == [0, 4, 5]
    with transaction():
        holds.release_hold(reference=other, key=key(), actor="system")
    assert lots() == [0, 9, 10]
    assert_books_are_right()


def test_points_that_are_left_expire_once(saver: UUID) -> None:
    spend(saver, 4)
    pass_days(2)
    run(reward_jobs.EXPIRE_POINTS)
    assert lots() == [0, 10, 10]
    run(reward_jobs.EXPIRE_POINTS)
    assert has(saver).points == 20
    taken = db.session.scalar(text("SELECT count(*) FROM ledger_entries WHERE kind = 'points_expired'"))
    assert taken == 1
    assert_books_are_right()


def test_what_is_held_outlives_the_night_and_goes_when_it_is_back(saver: UUID) -> None:
    rental = about()
    with transaction():
        holds.place_hold(user_id=saver, reference=rental, amount=0, points=10, key=key(), actor="system")
    pass_days(2)
    run(reward_jobs.EXPIRE_POINTS)
    assert (has(saver).points, has(saver).held) == (20, 10)
    with transaction():
        holds.release_hold(reference=rental, key=key(), actor="system")
    run(reward_jobs.EXPIRE_POINTS)
    assert (has(saver).points, has(saver).held) == (20, 0)


def test_more_people_than_one_batch(context: Flask, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "BATCH", 2)
    people = [person(points=10) for _ in range(5)]
    pass_days(366)
    run(reward_jobs.EXPIRE_POINTS)
    assert [has(user_id).points for user_id in people] == [0] * 5


def test_a_warning_names_all_of_the_week_once(saver: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[PointsExpiring] = []
    monkeypatch.setattr(expiry, "publish", told.append)
    run(reward_jobs.WARN_OF_EXPIRING_POINTS)
    run(reward_jobs.WARN_OF_EXPIRING_POINTS)
    assert [each.points for each in told] == [20]
    pass_days(95)
    run(reward_jobs.WARN_OF_EXPIRING_POINTS)
    assert [each.points for each in told[1:]] == [10]
    assert timedelta(days=7) == expiry.WARNING
