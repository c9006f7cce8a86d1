"""The jobs that give points for what people did, take them back, and let them expire."""

from uuid import UUID

from jobs.batches import work_in_batches
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import transaction, utcnow
from powerbank.outbox.enqueue import Scalar
from powerbank.points import earnings, expiry, grants, reversal
from powerbank.points.earnings import Earning
from powerbank.social import progress


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
