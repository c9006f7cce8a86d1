import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app
from sqlalchemy import ColumnElement, Select, func, select

from powerbank.api.paging import bad_cursor_error, page
from powerbank.base.clock import HOME
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.promotions.models import Campaign, Claim, Code, Coupon, Kind, Redemption, Use

DAYS = 90  # that are shown one by one


def find_coupon(coupon_id: UUID) -> Coupon:
    found: Coupon | None = db.session.get(Coupon, coupon_id)
    if found is None:
        raise NotFoundError("coupon")
    return found


def coupon_page(*, limit: int, cursor: str | None, campaign_id: UUID | None = None) -> dict[str, Any]:
    query = select(Coupon)
    if campaign_id is not None:
        query = query.where(Coupon.campaign_id == campaign_id)
    return page(query, Coupon.id, limit=limit, cursor=cursor, descending=True)


def list_coupons_to_approve(*, limit: int) -> list[Coupon]:
    """List the coupons of points in use to which no second person has agreed, the oldest first."""
    query = select(Coupon).where(
        Coupon.kind == Kind.POINTS, Coupon.active, Coupon.set_by.is_not(None), Coupon.approved_by.is_(None)
    )
    return list(db.session.scalars(query.order_by(Coupon.id).limit(limit)))


def code_page(coupon_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """List the codes of a coupon. Its cursors are encrypted, since the place where a page ends is a code."""
    found = page(select_codes(coupon_id), Code.code, limit=limit, cursor=_decrypt_cursor(cursor) if cursor else None)
    ends = found["next_cursor"]
    return found | {"next_cursor": _cursor_cipher().encrypt(ends.encode()).decode() if ends else None}


def _decrypt_cursor(cursor: str) -> str:
    try:
        return _cursor_cipher().decrypt(cursor.encode()).decode()
    except (InvalidToken, UnicodeEncodeError):
        raise bad_cursor_error() from None


def _cursor_cipher() -> Fernet:
    key = hashlib.sha256(b"cursors of coupon codes:" + current_app.config["JWT_SECRET_KEY"].encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def select_codes(coupon_id: UUID) -> Select[Code]:
    return select(Code).where(Code.coupon_id == coupon_id)


@dataclass(frozen=True)
class CodeCount:
    made: int
    used: int


def count_codes(coupon_id: UUID) -> CodeCount:
    """Count the codes of a coupon that serve once each, and those of them that somebody has used."""
    query = select(func.count(), func.count().filter(Code.uses > 0)).where(
        Code.coupon_id == coupon_id, Code.most_uses.is_not(None)
    )
    made, used = db.session.execute(query).one()
    return CodeCount(made, used)


def claim_page(user_id: UUID, *, now: datetime, limit: int, cursor: str | None) -> dict[str, Any]:
    found = page(select(Claim).where(Claim.user_id == user_id), Claim.id, limit=limit, cursor=cursor, descending=True)
    ids = [claim.coupon_id for claim in found["items"]]
    coupons = {each.id: each for each in db.session.scalars(select(Coupon).where(Coupon.id.in_(ids)))}
    campaign_ids = {each.campaign_id for each in coupons.values() if each.campaign_id}
    campaigns = {each.id: each for each in db.session.scalars(select(Campaign).where(Campaign.id.in_(campaign_ids)))}
    used = db.session.execute(
        select(Redemption.coupon_id, func.count())
        .where(Redemption.user_id == user_id, Redemption.coupon_id.in_(ids), Redemption.status == Use.USED)
        .group_by(Redemption.coupon_id)
    )
    uses: dict[UUID, int] = {row[0]: row[1] for row in used}
    typed = {claim.code for claim in found["items"]}
    codes = {each.code: each for each in db.session.scalars(select(Code).where(Code.code.in_(typed)))}

    def shown(claim: Claim) -> dict[str, Any]:
        coupon = coupons[claim.coupon_id]
        campaign = campaigns.get(coupon.campaign_id) if coupon.campaign_id else None
        status = _claim_status(coupon, codes[claim.code], campaign, uses.get(coupon.id, 0), now)
        return {"claim": claim, "coupon": coupon, "status": status}

    return found | {"items": [shown(claim) for claim in found["items"]]}


def _claim_status(coupon: Coupon, code: Code, campaign: Campaign | None, uses: int, now: datetime) -> str:
    if uses >= coupon.per_user_limit or (uses and code.used_up):
        return "used"
    offers: list[Coupon | Campaign] = [coupon] if campaign is None else [coupon, campaign]
    if any(not offer.active or (offer.ends_at is not None and now >= offer.ends_at) for offer in offers):
        return "over"
    if any(offer.budget is not None and offer.spent >= offer.budget for offer in offers) or (
        code.used_up or (coupon.total_limit is not None and coupon.used >= coupon.total_limit)
    ):
        return "used_up"
    if any(offer.starts_at is not None and now < offer.starts_at for offer in offers):
        return "not_begun"
    return "available"


def select_redemptions_of_coupon(coupon_id: UUID) -> Select[Redemption]:
    return select(Redemption).where(_of_coupon(coupon_id))


def select_redemptions_of_campaign(campaign_id: UUID) -> Select[Redemption]:
    return select(Redemption).where(_of_campaign(campaign_id))


def summarise_uses_of_coupon(coupon_id: UUID) -> dict[str, Any]:
    return _summarise_uses(_of_coupon(coupon_id))


def summarise_uses_of_campaign(campaign_id: UUID) -> dict[str, Any]:
    return _summarise_uses(_of_campaign(campaign_id))


def _of_coupon(coupon_id: UUID) -> ColumnElement[bool]:
    return Redemption.coupon_id == find_coupon(coupon_id).id


def _of_campaign(campaign_id: UUID) -> ColumnElement[bool]:
    if db.session.get(Campaign, campaign_id) is None:
        raise NotFoundError("campaign")
    return Redemption.coupon_id.in_(select(Coupon.id).where(Coupon.campaign_id == campaign_id))


def count_uses_by_day(days: Sequence[Mapping[str, Any]]) -> list[int]:
    """Give the uses of each day from the first to the last that is known, also of those in which there were none."""
    uses = {day["day"]: day["uses"] for day in days}
    if not uses:
        return []
    first, last = min(uses), max(uses)
    return [uses.get(first + timedelta(days=step), 0) for step in range((last - first).days + 1)]


def _summarise_uses(which: ColumnElement[bool]) -> dict[str, Any]:
    """Sum up the redemptions that a condition selects, in all and by day."""
    used = Redemption.status == Use.USED
    query = select(
        func.count().filter(used).label("uses"),
        func.count(Redemption.user_id.distinct()).filter(used).label("people"),
        func.coalesce(func.sum(Redemption.amount).filter(used), 0).label("amount"),
        func.coalesce(func.sum(Redemption.points).filter(used), 0).label("points"),
        func.coalesce(func.sum(Redemption.worth).filter(used), 0).label("worth"),
        func.count().filter(~used).label("given_back"),
    ).where(which)
    day = func.date(func.timezone(HOME.key, Redemption.created_at))
    days = (
        select(day.label("day"), func.count().label("uses"), func.sum(Redemption.worth).label("worth"))
        .where(which, used)
        .group_by(day)
        .order_by(day.desc())
        .limit(DAYS)
    )
    totals = {name: int(total) for name, total in db.session.execute(query).one()._mapping.items()}
    by_day = [{"day": row.day, "uses": row.uses, "worth": int(row.worth)} for row in db.session.execute(days)]
    return {**totals, "days": by_day}
