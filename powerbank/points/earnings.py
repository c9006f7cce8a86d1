"""Earnings: what earns points and how many, as data, and the one way in which points are given for something."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.content.app_config import AppConfig
from powerbank.ledger import services
from powerbank.ledger.points import services as points
from powerbank.ledger.services import Reference
from powerbank.outbox.catalogue import reward_jobs
from powerbank.outbox.enqueue import Scalar, enqueue, publish
from powerbank.points import net_payments
from powerbank.points.events import PointsEarned, ReferralSuccess, RentalPointsEarned
from powerbank.points.net_payments import NetPayment
from powerbank.users import identifier_traces, referrals
from powerbank.users.models import Referral, ReferralStatus, User


class Earning(StrEnum):
    SIGNUP = "signup"
    REFERRAL_INVITEE = "referral_invitee"
    REFERRAL_INVITER = "referral_inviter"
    TOPUP = "topup"
    RENTAL = "rental"
    ON_TIME = "on_time"
    KYC = "kyc"
    ACHIEVEMENT = "achievement"
    COUPON = "coupon"


@dataclass(frozen=True)
class Rule:
    about: str  # the kind of the object, as the ledger refers to it
    points: Callable[[AppConfig, int], int]  # from the configuration, and the quantity that came with the event
    once_a_person: bool = False  # it is not earned again in an account that the same person makes later


RULES = MappingProxyType(
    {
        Earning.SIGNUP: Rule("user", lambda rules, _: rules.points_signup, once_a_person=True),
        Earning.REFERRAL_INVITEE: Rule("referral", lambda rules, _: rules.points_referral_invitee),
        Earning.REFERRAL_INVITER: Rule("referral", lambda rules, _: rules.points_referral_inviter),
        Earning.TOPUP: Rule(
            "transaction", lambda rules, paisa: rules.points_topup_per_100 * (paisa // net_payments.STEP)
        ),
        Earning.RENTAL: Rule("rental", lambda rules, _: rules.points_rental),
        Earning.ON_TIME: Rule("rental", lambda rules, _: rules.points_on_time),
        Earning.KYC: Rule("user", lambda rules, _: rules.points_kyc, once_a_person=True),
        # The quantity of these is the number of points.
        Earning.ACHIEVEMENT: Rule("achievement", lambda _, points: points),
        Earning.COUPON: Rule("coupon", lambda _, points: points),
    }
)

# Earnings that have a notice of their own, which says how many points they brought.
EARNINGS_WITH_OWN_NOTICE = frozenset({Earning.ACHIEVEMENT.value, Earning.REFERRAL_INVITER.value})


def request_award(*, user_id: UUID, earning: Earning, object_id: object, quantity: int = 0) -> None:
    """Enqueue the job that gives the points, so that whatever earned them does not wait for the ledger."""
    enqueue(
        reward_jobs.AWARD_POINTS, user_id=str(user_id), earning=earning, object_id=str(object_id), quantity=quantity
    )


def award_earning(
    *, user_id: UUID, earning: Earning, object_id: str, quantity: int = 0, reference: Reference | None = None
) -> int:
    """Give the points for something, and return how many there were.

    There are none the second time, be it in another account, and none for somebody who has left.
    """
    rule = RULES[earning]
    reference = reference or Reference(rule.about, object_id)
    worth = rule.points(app_config.current(), quantity)
    if worth <= 0 or not _lock_present_user(user_id):
        return 0
    payment = net_payments.lock_net_payment(reference, receiver=user_id)
    if rule.once_a_person and _was_earned(earning, identifier_traces.list_earlier_accounts(user_id)):
        return 0
    if not _give_points(earning, object_id, user_id=user_id, worth=worth, reference=reference, payment=payment):
        return 0
    publish(PointsEarned(user_id=user_id, points=worth, earning=earning.value, object_id=object_id))
    _request_reversal(payment)
    return worth


def _give_points(
    earning: Earning, object_id: str, *, user_id: UUID, worth: int, reference: Reference, payment: NetPayment | None
) -> bool:
    """Give points to a person whose accounts are locked. False where they were given, or nothing is paid any more."""
    if payment is not None and payment.is_fully_refunded:
        return False
    reached = points.award_points(
        user_id=user_id,
        points=worth,
        reference=reference,
        key=f"points:{earning}:{object_id}",
        actor="system",
        description=earning.value,
    )
    return reached is not None


def _request_reversal(payment: NetPayment | None) -> None:
    """Have the share of an earlier refund follow, as it does for a later one."""
    if payment is not None and payment.refunded:
        enqueue(reward_jobs.REVERSE_POINTS, transaction_id=str(payment.transaction_id))


def details_unless_own_notice(user_id: UUID, event: Mapping[str, Scalar]) -> Mapping[str, Scalar] | None:
    """Tell nobody of points twice: None where the earning has a notice of its own."""
    return None if event["earning"] in EARNINGS_WITH_OWN_NOTICE else {}


def request_signup_award(user_id: UUID) -> None:
    request_award(user_id=user_id, earning=Earning.SIGNUP, object_id=user_id)


def _was_earned(earning: Earning, accounts: list[UUID]) -> bool:
    return any(services.find_entry(f"points:{earning}:{account}") is not None for account in accounts)


def _lock_present_user(user_id: UUID) -> bool:
    """Lock the row of a person who has not left, so that nobody leaves while points are on their way."""
    alive = select(User.id).where(User.id == user_id, User.deleted_at.is_(None)).with_for_update(read=True)
    return open_session().scalar(alive) is not None


REFERRAL_AWARD_ON_SIGNUP = "signup"


def reward_registration(referral_id: UUID) -> None:
    """Give the invitee's points, and the inviter's too where the network does not wait for the first rental."""
    referral = open_session().get(Referral, referral_id, with_for_update={"of": Referral}, populate_existing=True)
    if referral is None or referral.status == ReferralStatus.REJECTED:
        return
    # The invitee's award is a job of its own, since no transaction gives points to two people.
    request_award(user_id=referral.invitee_id, earning=Earning.REFERRAL_INVITEE, object_id=referral.id)
    if app_config.current().referral_award_on == REFERRAL_AWARD_ON_SIGNUP and referral.status == ReferralStatus.NOTED:
        referral.status = ReferralStatus.AWARDED
        _reward_inviter(referral, None)


def award_rental(*, user_id: UUID, rental_id: str, on_time: bool, now: datetime) -> dict[Earning, int]:
    """Award the points of a completed rental, and those of whoever brought its person here by a first rental.

    How many points the person has got comes back. No transaction gives to two people: where the inviter is rewarded,
    the person's own points are left to jobs of their own.
    """
    earnings = (Earning.RENTAL, Earning.ON_TIME) if on_time else (Earning.RENTAL,)
    if _reward_first_rental(invitee_id=user_id, rental_id=rental_id, now=now):
        for earning in earnings:
            request_award(user_id=user_id, earning=earning, object_id=rental_id)
        return {}
    if not _lock_present_user(user_id):
        return {}
    reference = Reference("rental", rental_id)
    payment = net_payments.lock_net_payment(reference, receiver=user_id)
    worth = {earning: RULES[earning].points(app_config.current(), 0) for earning in earnings}
    given = {
        earning: number
        for earning, number in worth.items()
        if number > 0
        and _give_points(earning, rental_id, user_id=user_id, worth=number, reference=reference, payment=payment)
    }
    for earning, number in given.items():
        publish(RentalPointsEarned(user_id=user_id, points=number, earning=earning.value, object_id=rental_id))
    if given:
        _request_reversal(payment)
    return given


def _reward_first_rental(*, invitee_id: UUID, rental_id: str, now: datetime) -> bool:
    """Reward whoever invited the person; false if nobody did, or has had the points already."""
    if not referrals.awaits_first_rental(invitee_id):
        return False
    payment = net_payments.find_net_payment(Reference("rental", rental_id))
    if payment is not None and payment.is_fully_refunded:  # the first rental is still to come
        return False
    referral = referrals.settle_referral_of_invitee(invitee_id, now=now)
    if referral is None:
        return False
    # The award refers to the rental, so it is revoked if all of the rental is refunded.
    _reward_inviter(referral, Reference("rental", rental_id))
    return True


def _reward_inviter(referral: Referral, reference: Reference | None) -> None:
    given = award_earning(
        user_id=referral.inviter_id, earning=Earning.REFERRAL_INVITER, object_id=str(referral.id), reference=reference
    )
    publish(
        ReferralSuccess(
            user_id=referral.inviter_id, invitee_id=referral.invitee_id, referral_id=referral.id, points=given
        )
    )
