"""Coupons as CSV: the codes of one, and each use of one or of a whole campaign."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response

from powerbank.api.exports import export_csv
from powerbank.base import money
from powerbank.base.clock import format_time
from powerbank.promotions import queries
from powerbank.promotions.models import Code, Redemption
from powerbank.promotions.schemas import shown_code

REDEMPTIONS = ("at", "redemption", "code", "user", "rental", "discount", "points", "status", "given back at")


def export_codes(coupon_id: UUID) -> Response:
    of = queries.find_coupon(coupon_id).id
    return export_csv(
        "codes",
        ("code", "uses", "most uses"),
        queries.select_codes(of),
        Code.code,
        lambda code: [(code.code, code.uses, code.most_uses)],
        of=("coupons", of),
    )


def export_redemptions_of_coupon(coupon_id: UUID) -> Response:
    of = queries.find_coupon(coupon_id).id
    return _export(queries.select_redemptions_of_coupon(of), ("coupons", of))


def export_redemptions_of_campaign(campaign_id: UUID) -> Response:
    return _export(queries.select_redemptions_of_campaign(campaign_id), ("campaigns", campaign_id))


def _export(redemptions: Any, of: tuple[str, UUID]) -> Response:
    def rows(use: Redemption) -> Iterator[tuple[object, ...]]:
        back = format_time(use.given_back_at) if use.given_back_at else None
        of_money = (money.format_amount(use.amount), use.points)
        whose = (shown_code(use.code), use.user_id, use.rental_id)
        yield format_time(use.created_at), use.id, *whose, *of_money, use.status, back

    return export_csv("redemptions", REDEMPTIONS, redemptions, Redemption.id, rows, of=of)
