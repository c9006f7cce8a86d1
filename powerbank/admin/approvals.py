"""What waits for a second person, or for anybody's decision, out of all tables in which such things wait."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from powerbank.admin import queries, services
from powerbank.api.auth import Staff
from powerbank.base.money import NPR, PTS
from powerbank.ledger import queries as ledger
from powerbank.ledger.adjustments import services as adjustments
from powerbank.ledger.adjustments.allowances import SECOND_PERSON
from powerbank.payments import queries as payments
from powerbank.payments.refunds import services as refunds
from powerbank.payments.refunds.models import RefundStatus
from powerbank.points import grants
from powerbank.points import queries as points
from powerbank.promotions import queries as promotions
from powerbank.promotions import services as coupons

SHOWN = 100  # of each kind


@dataclass(frozen=True)
class Waiting:
    """Something that waits for a decision."""

    kind: str  # refund, adjustment, act, grant, coupon
    id: UUID
    what: str
    amount: int
    currency: str
    reason: str
    created_at: datetime
    asked_by: str  # a member of staff, or whoever it was
    user_id: UUID | None = None
    first_approved_by: UUID | None = None
    address: str | None = None

    def is_open_to(self, staff: Staff) -> bool:
        """Tell whether this member may decide: who asked for it, or has approved it, may not."""
        return staff.may(DECIDED_BY[self.kind]) and str(staff.id) not in (
            self.asked_by.removeprefix("staff:"),
            str(self.first_approved_by),
        )


# The permission to decide, and to read, each kind.
DECIDED_BY = MappingProxyType(
    {
        "refund": "refunds.decide",
        "adjustment": SECOND_PERSON,
        "act": SECOND_PERSON,
        "grant": SECOND_PERSON,
        "coupon": SECOND_PERSON,
    }
)
READ_BY = MappingProxyType(
    {
        "refund": "refunds.read",
        "adjustment": "ledger.read",
        "act": "ledger.read",
        "grant": "ledger.read",
        "coupon": "ledger.read",
    }
)
# Where the API takes the same decision.
API = MappingProxyType(
    {
        "refund": "/api/admin/refunds",
        "adjustment": "/api/admin/ledger/adjustments",
        "act": "/api/admin/approvals",
        "grant": "/api/admin/points/bulk-awards",
        "coupon": "/api/admin/coupons",
    }
)


def list_waiting(staff: Staff) -> list[Waiting]:
    """List what waits, the oldest first, as far as this member may read it."""
    found = [each for kind, read in _READ.items() if staff.may(READ_BY[kind]) for each in read()]
    return sorted(found, key=lambda each: each.created_at)


def decide(kind: str, thing_id: UUID, *, approve: bool, reason: str, staff: Staff, now: datetime) -> None:
    _DECIDE[kind](thing_id, approve=approve, reason=reason, staff=staff, now=now)


def _refunds() -> Iterator[Waiting]:
    for each in payments.refund_page(status=RefundStatus.REQUESTED, limit=SHOWN, cursor=None)["items"]:
        yield Waiting(
            "refund",
            each.id,
            "refund",
            each.amount,
            NPR,
            each.reason,
            each.created_at,
            each.asked_by,
            user_id=each.user_id,
            first_approved_by=each.first_approved_by,
            address=f"/console/money/refunds/{each.id}",
        )


def _adjustments() -> Iterator[Waiting]:
    for each in ledger.adjustment_page(status="pending", limit=SHOWN, cursor=None)["items"]:
        yield Waiting(
            "adjustment",
            each.id,
            "adjustment",
            each.amount,
            each.currency,
            each.reason,
            each.created_at,
            str(each.asked_by),
            user_id=each.user_id,
        )


def _acts() -> Iterator[Waiting]:
    for each in queries.list_acts(status="waiting", limit=SHOWN, cursor=None)["items"]:
        about = {
            "rental": f"/console/rentals/{each.about_id}",
            "due": f"/console/money/dues/{each.about_id}",
            "user": f"/console/people/{each.about_id}",
        }
        yield Waiting(
            "act",
            each.id,
            each.act,
            each.worth,
            NPR,
            each.reason,
            each.created_at,
            str(each.staff_id),
            address=about.get(each.about_kind),
        )


def _grants() -> Iterator[Waiting]:
    for each in points.grant_page(status="pending", limit=SHOWN, cursor=None)["items"]:
        total = each.points * each.total
        yield Waiting("grant", each.id, "points grant", total, PTS, each.reason, each.created_at, str(each.asked_by))


def _coupons() -> Iterator[Waiting]:
    for each in promotions.list_coupons_to_approve(limit=SHOWN):
        yield Waiting(
            "coupon",
            each.id,
            "coupon",
            each.value,
            PTS,
            each.name,
            each.created_at,
            str(each.set_by),
            address=f"/console/growth/coupons/{each.id}",
        )


def _decide_refund(refund_id: UUID, *, approve: bool, reason: str, staff: Staff, now: datetime) -> None:
    if approve:
        refunds.approve_refund(refund_id, staff=staff, now=now)
    else:
        refunds.reject_refund(refund_id, staff=staff, reason=reason, now=now)


def _decide_adjustment(adjustment_id: UUID, *, approve: bool, reason: str, staff: Staff, now: datetime) -> None:
    act = adjustments.approve_adjustment if approve else adjustments.reject_adjustment
    act(adjustment_id, staff=staff, now=now)


def _decide_act(act_id: UUID, *, approve: bool, reason: str, staff: Staff, now: datetime) -> None:
    services.decide_act(act_id, approve=approve, staff=staff, now=now)


def _decide_grant(grant_id: UUID, *, approve: bool, reason: str, staff: Staff, now: datetime) -> None:
    grants.decide_grant(grant_id, approve=approve, staff=staff, now=now)


def _decide_coupon(coupon_id: UUID, *, approve: bool, reason: str, staff: Staff, now: datetime) -> None:
    """Agree to a coupon, or stop it: a coupon that nobody agrees to gives no more from then on."""
    coupon = coupons.lock_coupon(coupon_id)
    if approve:
        coupons.approve_coupon(coupon, staff=staff)
    else:
        coupons.stop_coupon(coupon, staff=staff)


_READ: MappingProxyType[str, Callable[[], Iterator[Waiting]]] = MappingProxyType(
    {"refund": _refunds, "adjustment": _adjustments, "act": _acts, "grant": _grants, "coupon": _coupons}
)
_DECIDE: MappingProxyType[str, Callable[..., Any]] = MappingProxyType(
    {
        "refund": _decide_refund,
        "adjustment": _decide_adjustment,
        "act": _decide_act,
        "grant": _decide_grant,
        "coupon": _decide_coupon,
    }
)
