"""Jobs of sign-ins."""

from uuid import UUID

from jobs.notifications import hand_over
from jobs.worker.stepwise import StepwiseRun
from powerbank.auth import cleanup
from powerbank.auth.people import otp
from powerbank.base.db import transaction, utcnow


def send_otp(run: StepwiseRun, *, challenge_id: str, delivery_id: str) -> None:
    with transaction():
        message = otp.begin_delivery(UUID(challenge_id), UUID(delivery_id))
    if message is not None:
        hand_over(run, UUID(delivery_id), message)


def prune_sign_ins() -> None:
    cleanup.prune_sign_ins(now=utcnow())
