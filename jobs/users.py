"""Jobs that follow a registration."""

from uuid import UUID

from powerbank.base.db import utcnow
from powerbank.users import lifecycle, referrals


def post_registration(*, user_id: str, referral_code: str | None) -> None:
    lifecycle.complete_registration(UUID(user_id))


def process_referral(*, user_id: str, referral_code: str | None) -> None:
    if referral_code is not None:
        referrals.record_referral(invitee_id=UUID(user_id), code=referral_code, now=utcnow())
