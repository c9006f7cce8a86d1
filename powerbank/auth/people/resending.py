"""Send a one-time code once more: staff do so for a person to whom none came. They neither see it nor choose where to.

The code is the one that the person has asked for, since only their own app or page can take it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select, tuple_

from powerbank.api.auth import Staff
from powerbank.auth.people import otp
from powerbank.auth.people.models import OtpChallenge, Standing
from powerbank.base import audit
from powerbank.base.db import db
from powerbank.base.errors import ConflictError
from powerbank.notifications.models import Delivery
from powerbank.users.models import Identifier


def find_code_under_way(user_id: UUID, *, now: datetime) -> OtpChallenge | None:
    """Find the newest code that this person can still use: to sign in, or to link an address to the account."""
    own = select(Identifier.kind, Identifier.value).where(Identifier.user_id == user_id)
    signs_in = and_(
        OtpChallenge.user_id.is_(None), tuple_(OtpChallenge.kind, OtpChallenge.identifier).in_(own.subquery().select())
    )
    found: OtpChallenge | None = db.session.scalar(
        select(OtpChallenge)
        .where(
            or_(OtpChallenge.user_id == user_id, signs_in),
            OtpChallenge.ended_at.is_(None),
            OtpChallenge.expires_at > now,
        )
        .order_by(OtpChallenge.created_at.desc())
        .limit(1)
    )
    return found


def resend_code(user_id: UUID, *, staff: Staff, now: datetime) -> Delivery:
    """Send the code that is under way once more, to where it went. The limits of codes count for this one too."""
    challenge = find_code_under_way(user_id, now=now)
    if challenge is None:
        raise ConflictError("no_code_under_way", "No code is under way. The person has to ask for one first.")
    contact = otp.contact_of_challenge(challenge)
    with otp.limited_code_request(contact, f"staff:{staff.id}", Standing(challenge.asked_from)):
        delivery = otp.deliver_code(challenge)
    audit.record(
        actor=audit.staff_actor(staff.id),
        action="otp.resend",
        object_kind="user",
        object_id=user_id,
        new={"masked": delivery.masked, "channel": delivery.channel},
    )
    return delivery
