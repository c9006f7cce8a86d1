"""Claims: a person types a code outside a rental. Points come at once, and a discount is kept for the next rental."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from powerbank.ledger import services as ledger
from powerbank.ledger.adjustments import allowances
from powerbank.ledger.adjustments.models import Act
from powerbank.ledger.services import Reference
from powerbank.points import earnings
from powerbank.points.earnings import Earning
from powerbank.promotions import coupons
from powerbank.promotions.errors import CouponRefusedError
from powerbank.promotions.models import Coupon, Kind


@dataclass(frozen=True)
class ClaimedCoupon:
    coupon: Coupon
    code: str
    points: int

    @property
    def status(self) -> str:
        return "redeemed" if self.coupon.kind == Kind.POINTS else "kept"


def claim_coupon(*, user_id: UUID, code: str, now: datetime) -> ClaimedCoupon:
    answers = coupons.find_coupon(code)[0].answered_for_by
    if answers is not None:
        allowances.lock_allowance(answers)
    ledger.lock_user_accounts(user_id)  # a person's codes go one after the other, since each counts those before
    coupon, found = coupons.find_coupon(code)
    coupons.refuse_unless_usable(coupon, found, user_id, now)
    if coupon.kind != Kind.POINTS:
        coupons.keep_coupon(coupon, found, user_id)
        return ClaimedCoupon(coupon, found.code, 0)
    points = coupon.value
    redemption_id = coupons.use_coupon(
        coupon,
        found,
        user_id,
        cost=points,
        worth=coupons.worth_of_points(points),
        points=points,
        now=now,
        key=f"apply:{coupon.id}:{user_id}:{coupons.count_uses(coupon.id, user_id)}",
    )
    if not _within_allowance(coupon, now):
        raise CouponRefusedError("coupon_used_up")
    earnings.request_award(user_id=user_id, earning=Earning.COUPON, object_id=redemption_id, quantity=points)
    return ClaimedCoupon(coupon, found.code, points)


def _within_allowance(coupon: Coupon, now: datetime) -> bool:
    """Tell whether the person who set the coupon may give this too without a second person."""
    answers = coupon.answered_for_by
    if answers is None:
        return True
    about = Reference("coupon", str(coupon.id))
    return allowances.use_allowance(
        Act.COUPON, answers, worth=allowances.worth_of_points(coupon.value), about=about, now=now
    )
