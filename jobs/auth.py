from uuid import UUID

from jobs.stepwise import StepwiseRun
from powerbank.auth import cleanup, otp_delivery
from powerbank.db import utcnow


def send_otp(run: StepwiseRun, *, challenge_id: str) -> None:
    if not otp_delivery.is_wanted(UUID(challenge_id)):
        return
    run.call("send", lambda _key: otp_delivery.send(UUID(challenge_id)))
    with run.finish():
        otp_delivery.note_sent(UUID(challenge_id))


def prune_sign_ins() -> None:
    cleanup.prune(now=utcnow())
