"""The events of coupons."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class CouponWaits(Event):
    """A second person has to agree to a coupon that gives points. `version` tells two such requests apart."""

    coupon_id: UUID
    version: str
    name: str
    points: int
