"""Referrals: who brought whom.

A code is checked when it is given, and the pair once more when points are due for it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.api.paging import page
from powerbank.base.db import db, new_id, open_session
from powerbank.base.errors import InvalidFieldsError
from powerbank.outbox.enqueue import publish
from powerbank.users.events import ReferralNoted
from powerbank.users.models import AccountStatus, Referral, ReferralStatus, User

VALID = timedelta(days=30)

# `rule(invitee_id, inviter_id)` answers why this pair earns nothing, or None.
Rule = Callable[[UUID, UUID], str | None]

_rules: list[Rule] = []


def register_referral_rules(*rules: Rule) -> None:
    _rules[:] = rules


def find_inviter(code: str) -> User | None:
    found: User | None = db.session.scalar(
        select(User).where(User.referral_code == code.strip().upper(), User.status == AccountStatus.ACTIVE)
    )
    return found


def check_referral_code(code: str | None) -> str | None:
    """Find the code as it is kept, or None if none was given.

    A wrong code is refused before the account is made, because later nobody could mend it.
    """
    if not (code or "").strip():
        return None
    inviter = find_inviter(str(code))
    if inviter is None:
        raise InvalidFieldsError({"referral_code": ["There is no such code."]})
    return inviter.referral_code


def record_referral(*, invitee_id: UUID, code: str, now: datetime) -> None:
    """Record who brought whom; a pair that breaks a rule is recorded as rejected, with the reason."""
    session = open_session()
    invitee, inviter = session.get(User, invitee_id), find_inviter(code)
    # One of them has left since the registration, so there is nobody to reward.
    if invitee is None or invitee.deleted_at is not None or inviter is None or inviter.id == invitee_id:
        return
    reason = find_refusal(invitee_id, inviter.id)
    row = {
        "invitee_id": invitee_id,
        "inviter_id": inviter.id,
        "code": inviter.referral_code,
        "status": ReferralStatus.REJECTED if reason else ReferralStatus.NOTED,
        "reason": reason,
        "expires_at": now + VALID,
    }
    noted = session.scalar(
        insert(Referral)
        .values(id=new_id(), **row)
        .on_conflict_do_nothing(index_elements=["invitee_id"])
        .returning(Referral.id)
    )
    if noted is not None and reason is None:
        publish(ReferralNoted(referral_id=noted, invitee_id=invitee_id, inviter_id=inviter.id))


def awaits_first_rental(invitee_id: UUID) -> bool:
    """Tell whether somebody is still to be rewarded for having brought this person."""
    waiting = exists().where(Referral.invitee_id == invitee_id, Referral.status == ReferralStatus.NOTED)
    return bool(open_session().scalar(select(waiting)))


def settle_referral_of_invitee(invitee_id: UUID, *, now: datetime) -> Referral | None:
    """Award the referral of an invitee who has completed a first rental.

    None if there is none, or if it has expired. The pair is checked once more, because friends may have turned out to
    be one person since.
    """
    referral = open_session().scalar(
        select(Referral)
        .where(Referral.invitee_id == invitee_id, Referral.status == ReferralStatus.NOTED)
        .with_for_update(of=Referral)
        .execution_options(populate_existing=True)
    )
    if referral is None:
        return None
    reason = "expired" if now > referral.expires_at else find_refusal(invitee_id, referral.inviter_id)
    if reason is not None:
        referral.status, referral.reason = ReferralStatus.REJECTED, reason
        return None
    referral.status = ReferralStatus.AWARDED
    return referral


def find_refusal(invitee_id: UUID, inviter_id: UUID) -> str | None:
    return next((reason for rule in _rules if (reason := rule(invitee_id, inviter_id))), None)


def list_referrals_of_user(user_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of those who came by this person's code, newest first."""
    query = select(Referral).where(Referral.inviter_id == user_id)
    return page(query, Referral.id, descending=True, limit=limit, cursor=cursor)
