"""The leaderboard: scores, ranks, badges and their recomputation."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.outbox.catalogue import reward_jobs
from powerbank.social import leaderboard, tallies
from powerbank.social.boards import Period, board_at
from powerbank.social.models import Metric
from powerbank.users import lifecycle
from tests.ledger.conftest import Person, all_at_once
from tests.points.conftest import run
from tests.social.conftest import did, drain, rent, shown

Headers = dict[str, str]
SignIn = Callable[[UUID], Headers]
PATH = "/api/social/leaderboard"


def places(client: FlaskClient, headers: Headers, query: str = "") -> dict[str, Any]:
    answer = client.get(f"{PATH}{query}", headers=headers)
    assert answer.status_code == 200
    return dict(answer.get_json())


def assert_ranks_are_right() -> None:
    """Compare the ranks with PostgreSQL's own rank() over everybody."""
    db.session.rollback()
    true = db.session.execute(
        text("SELECT board, score, rank() OVER (PARTITION BY board ORDER BY score DESC) AS rank FROM standings")
    ).all()
    for name in {row.board for row in true}:
        rows = [row for row in true if row.board == name]
        assert leaderboard.count_ranks(name, [row.score for row in rows]) == {row.score: row.rank for row in rows}


def test_score_follows_the_formula_and_equal_scores_share_a_rank(
    client: FlaskClient, person: Person, user_headers: SignIn
) -> None:
    first, second, third, idle = person(), person(), person(), person()
    did(first, rentals=2, on_time=1, late=1, points=33, referrals=1, achievements=1)
    for user_id in (second, third):
        did(user_id, rentals=1, on_time=1)
    drain()
    found = places(client, user_headers(idle), "?me=true")
    assert [(item["rank"], item["score"]) for item in found["items"]] == [
        (1, 2 * 10 + 15 - 5 + 3.3 + 50 + 25),
        (2, 25.0),
        (2, 25.0),
    ]
    assert (found["me"]["rank"], found["me"]["score"], found["me"]["badge"]) == (4, 0.0, "member")
    assert places(client, user_headers(third), "?me=true")["me"]["rank"] == 2
    assert places(client, user_headers(third))["me"] is None


def test_repeated_rental_event_counts_once(client: FlaskClient, person: Person, user_headers: SignIn) -> None:
    user_id = person()
    rent(user_id, 10, rental=str(UUID(int=1)))
    me = places(client, user_headers(user_id), "?me=true&period=week")["me"]
    assert (me["rentals"], me["on_time"]) == (1, 1)


def test_cancelled_rental_counts_neither_now_nor_later(
    client: FlaskClient, person: Person, user_headers: SignIn
) -> None:
    user_id = person()
    counted_first, cancelled_first = str(UUID(int=1)), str(UUID(int=2))
    rent(user_id)
    rent(user_id, rental=counted_first)
    for rental in [counted_first, cancelled_first] * 3:
        run(reward_jobs.UNCOUNT_RENTAL, rental_id=rental, user_id=str(user_id), reason="cancelled", amount=0)
    rent(user_id, rental=cancelled_first)
    for period in Period:
        me = places(client, user_headers(user_id), f"?me=true&period={period}")["me"]
        assert (me["rentals"], me["on_time"], me["score"]) == (1, 1, 25.0)
    run(reward_jobs.RECOMPUTE_LEADERBOARD)
    assert places(client, user_headers(user_id), "?me=true&period=week")["me"]["rentals"] == 1


def test_pages_keep_the_order(client: FlaskClient, person: Person, user_headers: SignIn) -> None:
    people = [person() for _ in range(7)]
    for number, user_id in enumerate(people):
        did(user_id, rentals=number // 2)
        shown(user_id)
    headers, seen, cursor = user_headers(people[0]), [], ""
    while cursor is not None:
        found = places(client, headers, f"?limit=3&cursor={cursor}" if cursor else "?limit=3")
        seen += [(item["rank"], item["rentals"]) for item in found["items"]]
        cursor = found["next_cursor"]
    assert seen == [(1, 3), (2, 2), (2, 2), (4, 1), (4, 1), (6, 0), (6, 0)]


def test_boards_follow_the_local_calendar() -> None:
    sunday_night = datetime(2026, 11, 1, 18, 14, tzinfo=UTC)  # 23:59 there
    assert board_at(Period.WEEK, sunday_night) == "week:2026-44"
    assert board_at(Period.WEEK, sunday_night + timedelta(minutes=2)) == "week:2026-45"
    assert board_at(Period.MONTH, datetime(2026, 10, 31, 18, 16, tzinfo=UTC)) == "month:2026-11"
    assert board_at(Period.WEEK, datetime(2027, 1, 1, tzinfo=UTC)) == "week:2026-53"


def test_deleted_account_shows_no_name(client: FlaskClient, person: Person, user_headers: SignIn) -> None:
    gone, here = person(), person()
    did(gone, rentals=1)
    shown(gone)
    with transaction():
        lifecycle.end_account(gone, now=utcnow())
    (item,) = places(client, user_headers(here))["items"]
    assert (item["username"], item["avatar_url"], item["rank"]) == (None, None, 1)


@pytest.mark.parametrize(
    ("rentals", "on_time", "name", "rate"),
    [
        (0, 0, "member", 100.0),
        (9, 9, "member", 100.0),
        (10, 8, "bronze", 80.0),
        (20, 18, "silver", 90.0),
        (49, 49, "silver", 100.0),
        (100, 95, "gold", 95.0),
        (1000, 949, "silver", 94.9),
        (10_000, 9_496, "silver", 95.0),
    ],
)
def test_badges_follow_rentals_and_return_rate(rentals: int, on_time: int, name: str, rate: float) -> None:
    assert leaderboard.badge_of_counts(rentals=rentals, on_time=on_time) == name
    assert leaderboard.return_rate(rentals=rentals, on_time=on_time) == rate


def test_ranks_are_right_whatever_the_scores(context: Flask, person: Person) -> None:
    people = [person() for _ in range(30)]
    edges = [-(10**9), -64, -1, 0, 1, 63, 64, 65, 4095, 4096, 4097, 262_144, 16_777_216, 10**9]

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy with other things
    @given(st.lists(st.tuples(st.sampled_from(people), st.sampled_from(edges) | st.integers(-300, 300)), max_size=60))
    def moved(moves: list[tuple[UUID, int]]) -> None:
        with transaction() as session:
            session.execute(text("DELETE FROM standings"))
            for user_id, score in moves:
                session.execute(
                    text(
                        "INSERT INTO standings (board, user_id, score) VALUES ('all', :user_id, :score)"
                        " ON CONFLICT (board, user_id) DO UPDATE SET score = excluded.score"
                    ),
                    {"user_id": user_id, "score": score},
                )
        assert_ranks_are_right()

    moved()


def test_ranks_are_right_when_many_people_move_at_once(context: Flask, person: Person) -> None:
    people = [person() for _ in range(8)]

    def move() -> None:
        user_id = random.choice(people)
        tallies.count_event(
            user_id=user_id,
            kind="test",
            object_id=str(random.random()),
            at=utcnow(),
            what={Metric.RENTALS: random.choice([1, 1, 2]), Metric.LATE: random.choice([0, 5])},
        )

    def show() -> None:
        leaderboard.refresh_standings(random.choice(people))

    assert set(all_at_once(context, [move, show, show] * 60)) == {None}
    for user_id in people:
        shown(user_id)
    assert_ranks_are_right()
    wrong = text(
        "SELECT count(*) FROM tallies t LEFT JOIN standings s USING (board, user_id)"
        " WHERE s.score IS DISTINCT FROM t.score"
    )
    assert db.session.scalar(wrong) == 0


class TestRecomputation:
    def test_recomputation_shows_what_an_expired_job_missed(self, person: Person) -> None:
        user_id = person()
        did(user_id, rentals=3)
        with transaction() as session:
            session.execute(text("DELETE FROM outbox_jobs"))
        run(reward_jobs.RECOMPUTE_LEADERBOARD)
        assert db.session.scalars(text("SELECT DISTINCT score FROM standings")).all() == [300]

    @pytest.mark.parametrize("level", range(6))
    def test_recomputation_repairs_tallies_and_steps(self, person: Person, level: int) -> None:
        people = [person() for _ in range(5)]
        for number, user_id in enumerate(people):
            did(user_id, rentals=number)
            shown(user_id)
        with transaction() as session:
            session.execute(text("UPDATE tallies SET rentals = 50 WHERE user_id = :id"), {"id": people[0]})
            session.execute(text("DELETE FROM tallies WHERE user_id = :id AND board = 'all'"), {"id": people[1]})
            session.execute(text("UPDATE standing_steps SET people = people + 3 WHERE level = :n"), {"n": level})
        run(reward_jobs.RECOMPUTE_LEADERBOARD)
        scores = db.session.execute(text("SELECT board, user_id, rentals, stale FROM tallies")).all()
        assert {(row.user_id, row.rentals, row.stale) for row in scores} == {
            (user_id, number, False) for number, user_id in enumerate(people)
        }
        assert_ranks_are_right()

    def test_old_events_are_deleted_and_their_months_are_kept(self, person: Person) -> None:
        user_id = person()
        with transaction():
            tallies.count_event(
                user_id=user_id, kind="test", object_id="x", at=utcnow() - timedelta(days=150), what={Metric.RENTALS: 4}
            )
        for _ in range(2):
            run(reward_jobs.RECOMPUTE_LEADERBOARD)
        assert db.session.scalar(text("SELECT count(*) FROM tally_events")) == 0
        assert db.session.scalar(text("SELECT score FROM standings WHERE board = 'all'")) == 400
