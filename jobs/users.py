from uuid import UUID

from powerbank.base.db import utcnow
from powerbank.users import joining, referrals


def post_registration(*, user_id: str, referral_code: str | None) -> None:
    joining.complete(UUID(user_id))


def process_referral(*, user_id: str, referral_code: str | None) -> None:
    if referral_code is not None:
        referrals.note(invitee_id=UUID(user_id), code=referral_code, now=utcnow())
