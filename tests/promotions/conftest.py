from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from powerbank.base.db import transaction, utcnow
from powerbank.promotions import coupons, services
from powerbank.promotions.models import Coupon
from tests.ledger.conftest import Person, person, user_headers

Make = Callable[..., Coupon]
CODE = "DASHAIN"

__all__ = ["CODE", "Make", "person", "quote", "redeem", "user_headers"]


@pytest.fixture
def coupon(context: object) -> Make:
    """Make a coupon: `coupon(kind="amount", value=20_00)`. Its code is DASHAIN if none is given."""

    def make(**more: Any) -> Coupon:
        values = {"name": "Dashain", "code": CODE, "kind": "percent", "value": 20} | more
        with transaction():
            return services.create_coupon(**values)

    return make


def quote(user_id: UUID, price: int = 100_00, code: str = CODE) -> int:
    return coupons.quote_discount(user_id=user_id, code=code, price=price, now=utcnow()).amount


def redeem(
    user_id: UUID, price: int = 100_00, *, code: str = CODE, rental: UUID | None = None, key: str | None = None
) -> int:
    with transaction():
        return coupons.redeem_coupon(
            user_id=user_id,
            code=code,
            price=price,
            reference=rental or uuid4(),
            key=key or str(uuid4()),
            now=utcnow(),
        ).amount


@pytest.fixture
def sita(person: Person, user_headers: Callable[[UUID], dict[str, str]]) -> tuple[UUID, dict[str, str]]:
    user_id = person()
    return user_id, user_headers(user_id)
