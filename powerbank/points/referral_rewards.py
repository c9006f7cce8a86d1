"""Points for having brought somebody, and for having come."""

from datetime import datetime
from uuid import UUID

from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.ledger.services import Reference
from powerbank.outbox.enqueue import publish
from powerbank.points import earnings, net_payments
from powerbank.points.earnings import Earning
from powerbank.points.events import ReferralSuccess
from powerbank.users import referrals
from powerbank.users.models import Referral, ReferralStatus

ON_SIGNUP = "signup"


def reward_registration(referral_id: UUID) -> None:
    """The invitee's points; the inviter's too, where the network does not wait for the first rental."""
    referral = open_session().get(Referral, referral_id, with_for_update={"of": Referral}, populate_existing=True)
    if referral is None or referral.status == ReferralStatus.REJECTED:
        return
    # In a job of its own: no transaction gives to two people.
    earnings.ask(user_id=referral.invitee_id, earning=Earning.REFERRAL_INVITEE, object_id=referral.id)
    if app_config.current().referral_award_on == ON_SIGNUP and referral.status == ReferralStatus.NOTED:
        referral.status = ReferralStatus.AWARDED
        _reward_inviter(referral, None)


def reward_first_rental(*, invitee_id: UUID, rental_id: str, now: datetime) -> None:
    kept = net_payments.of(Reference("rental", rental_id))
    if kept is not None and kept.nothing:  # given back meanwhile: the first rental is still to come
        return
    referral = referrals.settle_first_rental(invitee_id, now=now)
    if referral is not None:
        # About the rental: if all of it is given back, so are these.
        _reward_inviter(referral, Reference("rental", rental_id))


def _reward_inviter(referral: Referral, reference: Reference | None) -> None:
    given = earnings.give(
        user_id=referral.inviter_id, earning=Earning.REFERRAL_INVITER, object_id=str(referral.id), reference=reference
    )
    publish(
        ReferralSuccess(
            user_id=referral.inviter_id, invitee_id=referral.invitee_id, referral_id=referral.id, points=given
        )
    )
