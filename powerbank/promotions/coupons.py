"""The use of coupons: what one takes off a price, within every limit that it has.

    discount = coupons.quote_discount(user_id=…, code="DASHAIN", price=5000, now=now)   # what it would be
    discount = coupons.redeem_coupon(…, reference=rental_id, key=…)                    # in the rental's transaction
    coupons.give_back_coupons(rental_id, now=now)                                      # it did not come to a rental

Limits hold because each is a conditional update of the row that counts it, and a CHECK besides. Locks are taken in one
sequence: the person's accounts first, then coupon, code and campaign.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base import money
from powerbank.base.db import db, new_id, open_session
from powerbank.content import app_config
from powerbank.ledger import services as ledger
from powerbank.promotions.errors import CouponRefusedError, NoSuchCouponError
from powerbank.promotions.models import Campaign, Claim, Code, Coupon, Kind, Redemption, Use
from powerbank.users import identifier_traces

# The rate limit against guessing codes, wherever they are typed, and the name under which it is counted.
GUESSES = ("20 per minute", "coupon")


HasRented = Callable[[UUID], bool]

# Who knows whether a person has rented before: `powerbank.wiring` says so. Without an answer nobody has.
_answers: list[HasRented] = []


def register_has_rented(answer: HasRented) -> None:
    _answers[:] = [answer]


@dataclass(frozen=True)
class Discount:
    amount: int  # paisa off the price
    coupon_id: UUID


def quote_discount(*, user_id: UUID, code: str, price: int, now: datetime) -> Discount:
    """Tell what a coupon would take off, or refuse it."""
    coupon, found = find_coupon(code)
    refuse_unless_usable(coupon, found, user_id, now)
    amount = _discount(coupon, price)
    _refuse_beyond_limits(coupon, amount)
    return Discount(amount, coupon.id)


def redeem_coupon(*, user_id: UUID, code: str, price: int, reference: UUID, key: str, now: datetime) -> Discount:
    """Use a coupon for a rental. The same key again is the same use."""
    ledger.lock_user_accounts(user_id)
    earlier = open_session().scalar(select(Redemption).where(Redemption.key == key))
    if earlier is not None:
        return Discount(earlier.amount, earlier.coupon_id)
    coupon, found = find_coupon(code)
    refuse_unless_usable(coupon, found, user_id, now)
    _refuse_beside_others(coupon, reference)
    amount = _discount(coupon, price)
    use_coupon(coupon, found, user_id, cost=amount, worth=amount, key=key, rental_id=reference, amount=amount, now=now)
    return Discount(amount, coupon.id)


def give_back_coupons(rental_id: UUID, *, now: datetime) -> None:
    """Make the coupons of a rental that came to nothing usable again.

    Nothing happens where none was used, or they were given back before.
    """
    session = open_session()
    user_id = session.scalar(select(Redemption.user_id).where(Redemption.rental_id == rental_id).limit(1))
    if user_id is None:
        return
    ledger.lock_user_accounts(user_id)
    given_back = session.execute(
        update(Redemption)
        .where(Redemption.rental_id == rental_id, Redemption.status == Use.USED)
        .values(status=Use.GIVEN_BACK, given_back_at=now)
        .returning(Redemption.coupon_id, Redemption.code, Redemption.amount, Redemption.worth)
    ).all()
    for row in sorted(given_back, key=lambda row: row.coupon_id):
        campaign_id = session.scalar(
            update(Coupon)
            .where(Coupon.id == row.coupon_id)
            .values(used=Coupon.used - 1, spent=Coupon.spent - row.amount)
            .returning(Coupon.campaign_id)
        )
        session.execute(update(Code).where(Code.code == row.code).values(uses=Code.uses - 1))
        session.execute(update(Campaign).where(Campaign.id == campaign_id).values(spent=Campaign.spent - row.worth))


def pass_on_coupons(rental_id: UUID, *, to: UUID) -> None:
    """Hand the uses of a rental on to the one that stands in for it. They stay counted."""
    open_session().execute(
        update(Redemption).where(Redemption.rental_id == rental_id, Redemption.status == Use.USED).values(rental_id=to)
    )


def find_coupon(code: str) -> tuple[Coupon, Code]:
    row = db.session.execute(
        select(Coupon, Code)
        .join(Code, Code.coupon_id == Coupon.id)
        .where(Code.code == code.strip().upper())
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NoSuchCouponError
    return row.Coupon, row.Code


def refuse_unless_usable(coupon: Coupon, code: Code, user_id: UUID, now: datetime) -> None:
    """Refuse a coupon for any reason that is known before the price is."""
    campaign = db.session.get(Campaign, coupon.campaign_id) if coupon.campaign_id else None
    offers: list[Coupon | Campaign] = [coupon] if campaign is None else [coupon, campaign]
    for offer in offers:
        if not offer.active:
            raise CouponRefusedError("coupon_inactive")
        if offer.starts_at is not None and now < offer.starts_at:
            raise CouponRefusedError("coupon_not_begun")
        if offer.ends_at is not None and now >= offer.ends_at:
            raise CouponRefusedError("coupon_over")
    if count_uses(coupon.id, user_id) >= coupon.per_user_limit:
        raise CouponRefusedError("coupon_used_before")
    if coupon.first_rental_only and any(has_rented(account) for account in accounts_of_person(user_id)):
        raise CouponRefusedError("coupon_first_rental_only")
    if code.used_up or (coupon.total_limit is not None and coupon.used >= coupon.total_limit):
        raise CouponRefusedError("coupon_used_up")


def count_uses(coupon_id: UUID, user_id: UUID) -> int:
    """Count the uses of a coupon by a person, who may have had another account before."""
    query = select(func.count()).where(
        Redemption.user_id.in_(accounts_of_person(user_id)),
        Redemption.coupon_id == coupon_id,
        Redemption.status == Use.USED,
    )
    return db.session.scalar(query) or 0


def has_rented(user_id: UUID) -> bool:
    return any(answer(user_id) for answer in _answers)


def accounts_of_person(user_id: UUID) -> list[UUID]:
    return [user_id, *identifier_traces.list_earlier_accounts(user_id)]


def use_coupon(
    coupon: Coupon,
    code: Code,
    user_id: UUID,
    *,
    cost: int,
    worth: int,
    key: str,
    now: datetime,
    rental_id: UUID | None = None,
    amount: int = 0,
    points: int = 0,
) -> UUID:
    """Count a use, or refuse it if any limit would be passed.

    `cost` is in the coupon's own unit, `worth` in paisa.
    """
    session = open_session()
    with session.begin_nested():  # a caller that goes on without the coupon has counted nothing
        _count_use(coupon, code, cost, worth)
    redemption_id = new_id()
    session.add(
        Redemption(
            id=redemption_id,
            coupon_id=coupon.id,
            code=code.code,
            user_id=user_id,
            rental_id=rental_id,
            key=key,
            amount=amount,
            points=points,
            worth=worth,
            status=Use.USED,
            created_at=now,
        )
    )
    keep_coupon(coupon, code, user_id)
    session.flush()
    return redemption_id


def _count_use(coupon: Coupon, code: Code, cost: int, worth: int) -> None:
    session = open_session()
    counted = session.scalar(
        update(Coupon)
        .where(
            Coupon.id == coupon.id,
            Coupon.active,
            Coupon.total_limit.is_(None) | (Coupon.used < Coupon.total_limit),
            Coupon.budget.is_(None) | (Coupon.spent + cost <= Coupon.budget),
        )
        .values(used=Coupon.used + 1, spent=Coupon.spent + cost)
        .returning(Coupon.id)
    )
    typed = counted and session.scalar(
        update(Code)
        .where(Code.code == code.code, Code.most_uses.is_(None) | (Code.uses < Code.most_uses))
        .values(uses=Code.uses + 1)
        .returning(Code.code)
    )
    if typed is None or not _charge_campaign(coupon.campaign_id, worth):
        raise CouponRefusedError("coupon_used_up")


def keep_coupon(coupon: Coupon, code: Code, user_id: UUID) -> None:
    """Keep a coupon among the person's own, with the code that was typed last."""
    row = {"id": new_id(), "user_id": user_id, "coupon_id": coupon.id, "code": code.code}
    statement = insert(Claim).values(row)
    open_session().execute(
        statement.on_conflict_do_update(index_elements=["user_id", "coupon_id"], set_={"code": code.code})
    )


def worth_of_points(points: int) -> int:
    return money.value_of_points(points, app_config.current().points_per_npr)


def _charge_campaign(campaign_id: UUID | None, worth: int) -> bool:
    if campaign_id is None:
        return True
    paid = (
        update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.budget.is_(None) | (Campaign.spent + worth <= Campaign.budget))
        .values(spent=Campaign.spent + worth)
        .returning(Campaign.id)
    )
    return open_session().scalar(paid) is not None


def _discount(coupon: Coupon, price: int) -> int:
    if coupon.kind == Kind.POINTS:
        raise CouponRefusedError("coupon_gives_points")
    if price < coupon.min_price:
        raise CouponRefusedError("coupon_price_too_low")
    amount = coupon.value if coupon.kind == Kind.AMOUNT else price * coupon.value // 100
    amount = min(amount, price, amount if coupon.most is None else coupon.most)
    if amount <= 0:
        raise CouponRefusedError("coupon_price_too_low")
    return amount


def _refuse_beyond_limits(coupon: Coupon, cost: int) -> None:
    """Refuse a quote beyond the limits. The use itself is counted by `use_coupon`."""
    campaign = db.session.get(Campaign, coupon.campaign_id) if coupon.campaign_id else None
    spent = [(coupon.spent, coupon.budget)] + ([(campaign.spent, campaign.budget)] if campaign else [])
    beyond = any(budget is not None and so_far + cost > budget for so_far, budget in spent)
    if beyond:
        raise CouponRefusedError("coupon_used_up")


def _refuse_beside_others(coupon: Coupon, rental_id: UUID) -> None:
    """Refuse a second coupon on a rental unless both say that they go together, and the same coupon twice."""
    others = open_session().scalars(
        select(Coupon)
        .join(Redemption, Redemption.coupon_id == Coupon.id)
        .where(Redemption.rental_id == rental_id, Redemption.status == Use.USED)
    )
    for other in others:
        if other.id == coupon.id or not (other.stackable and coupon.stackable):
            raise CouponRefusedError("coupon_not_stackable")
