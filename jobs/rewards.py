"""The jobs that reward people: points, referrals, achievements and the leaderboard."""

from datetime import timedelta
from uuid import UUID

from jobs.batches import repeat_until_none, work_in_batches, work_one_by_one
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import transaction, utcnow
from powerbank.outbox.enqueue import Scalar
from powerbank.points import earnings, expiry, grants, reversal
from powerbank.points.earnings import Earning
from powerbank.social import achievements, boards, leaderboard, progress, tallies


def award_points(*, user_id: str, earning: str, object_id: str, quantity: int) -> None:
    earnings.award_earning(user_id=UUID(user_id), earning=Earning(earning), object_id=object_id, quantity=quantity)


def reward_topup(*, user_id: str, intent_id: str, transaction_id: str, amount: int) -> None:
    earnings.request_award(user_id=UUID(user_id), earning=Earning.TOPUP, object_id=transaction_id, quantity=amount)


def reward_kyc(*, user_id: str, submission_id: str) -> None:
    earnings.request_award(user_id=UUID(user_id), earning=Earning.KYC, object_id=user_id)


def reward_rental(*, rental_id: str, user_id: str, on_time: bool, late: bool, minutes: int = 0) -> None:
    """The points of a rental and what it counts for follow from the same event, so one job does both."""
    now = utcnow()
    points = earnings.award_rental(user_id=UUID(user_id), rental_id=rental_id, on_time=on_time, now=now)
    progress.count_rental(
        user_id=UUID(user_id), rental_id=rental_id, on_time=on_time, late=late, points=points, now=now
    )


def reward_referral(*, referral_id: str, invitee_id: str, inviter_id: str) -> None:
    earnings.reward_registration(UUID(referral_id))


def reverse_points(*, transaction_id: str) -> None:
    reversal.reverse_points(UUID(transaction_id))


def reverse_rental(*, rental_id: str, user_id: str, **_of_the_cancellation: Scalar) -> None:
    reversal.revoke_points_of_rental(rental_id)


def expire_points(run: StepwiseRun) -> None:
    now = utcnow()
    work_in_batches(
        lambda after: expiry.people_with_expired_points(now=now, after=after),
        lambda people: expiry.expire_points(people, run=run.id, now=now),
    )


def warn_of_expiring_points(run: StepwiseRun) -> None:
    now = utcnow()
    work_in_batches(
        lambda after: expiry.people_to_warn(now=now, after=after), lambda people: expiry.warn_people(people, now=now)
    )


def bulk_award_points(run: StepwiseRun, *, grant_id: str) -> None:
    more = True
    while more:
        with transaction():
            more = grants.award_batch(UUID(grant_id))
    with run.finish():
        grants.close_grant(UUID(grant_id), now=utcnow())


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
