"""The jobs that count what people did, and keep achievements and the leaderboard right."""

from datetime import timedelta
from uuid import UUID

from jobs.batches import repeat_until_none, work_in_batches, work_one_by_one
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import transaction, utcnow
from powerbank.outbox.enqueue import Scalar
from powerbank.social import achievements, boards, leaderboard, progress, tallies

BATCH = 500
KEEP_EVENTS = timedelta(days=100)


def count_rental(*, rental_id: str, user_id: str, on_time: bool, late: bool, minutes: int = 0) -> None:
    """Jobs of the version before this one wait with this name; now `reward_rental` counts."""
    progress.count_rental(
        user_id=UUID(user_id), rental_id=rental_id, on_time=on_time, late=late, points={}, now=utcnow()
    )


def uncount_rental(*, rental_id: str, user_id: str, **_of_the_cancellation: Scalar) -> None:
    tallies.undo_event(user_id=UUID(user_id), kind="rental", object_id=rental_id, at=utcnow())


def count_points(*, user_id: str, points: int, earning: str, object_id: str) -> None:
    progress.count_points(user_id=UUID(user_id), points=points, earning=earning, object_id=object_id, now=utcnow())


def count_reversal(*, user_id: str, points: int, object_id: str) -> None:
    progress.count_reversal(user_id=UUID(user_id), points=points, object_id=object_id, now=utcnow())


def count_referral(*, user_id: str, invitee_id: str, referral_id: str, points: int) -> None:
    progress.count_referral(user_id=UUID(user_id), referral_id=referral_id, now=utcnow())


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
