from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from jobs.batches import repeat_until_none, work_in_batches, work_one_by_one
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, transaction, utcnow
from powerbank.outbox.enqueue import Scalar
from powerbank.rentals.models import Rental
from powerbank.social import achievements, boards, leaderboard, tallies
from powerbank.social.models import Metric

BATCH = 500
KEEP_EVENTS = timedelta(days=100)


def count_rental(*, rental_id: str, user_id: str, on_time: bool, late: bool, minutes: int = 0) -> None:
    what = {Metric.RENTALS: 1, Metric.ON_TIME: int(on_time), Metric.LATE: int(late)}
    # It counts for the week in which it ended, however late this job runs.
    ended_at = db.session.scalar(select(Rental.ended_at).where(Rental.id == UUID(rental_id)))
    tallies.count_event(user_id=UUID(user_id), kind="rental", object_id=rental_id, at=ended_at or utcnow(), what=what)


def uncount_rental(*, rental_id: str, user_id: str, **_of_the_cancellation: Scalar) -> None:
    tallies.undo_event(user_id=UUID(user_id), kind="rental", object_id=rental_id, at=utcnow())


def count_points(*, user_id: str, points: int, earning: str, object_id: str) -> None:
    tallies.count_event(
        user_id=UUID(user_id), kind=f"points:{earning}", object_id=object_id, at=utcnow(), what={Metric.POINTS: points}
    )


def count_reversal(*, user_id: str, points: int, object_id: str) -> None:
    tallies.count_event(
        user_id=UUID(user_id), kind="reversal", object_id=object_id, at=utcnow(), what={Metric.POINTS: -points}
    )


def count_referral(*, user_id: str, invitee_id: str, referral_id: str, points: int) -> None:
    tallies.count_event(
        user_id=UUID(user_id), kind="referral", object_id=referral_id, at=utcnow(), what={Metric.REFERRALS: 1}
    )


def check_achievements(*, user_id: str) -> None:
    achievements.unlock_achievements(UUID(user_id), now=utcnow())


def update_leaderboard(*, user_id: str) -> None:
    leaderboard.refresh_standings(UUID(user_id))


def find_achievers(run: StepwiseRun, *, achievement_id: str) -> None:
    work_in_batches(
        lambda after: achievements.find_achievers(UUID(achievement_id), after=after),
        achievements.request_checks,
    )


def recompute_leaderboard(run: StepwiseRun) -> None:
    """Count again what is counted as it happens: tallies, standings and their steps."""
    now = utcnow()
    periods = boards.recent_periods(now)
    for board, begin, end in periods:
        with transaction():
            tallies.recount_period(board, begin=begin, end=end)
    with transaction():
        tallies.recount_all_time()
    work_one_by_one(lambda after: leaderboard.find_stale_users(after=after, most=BATCH), leaderboard.refresh_standings)
    for board in (boards.ALL, *(board for board, _, _ in periods)):
        with transaction():
            leaderboard.recount_steps(board)
    repeat_until_none(lambda: tallies.delete_old_events(before=now - KEEP_EVENTS, most=BATCH))
