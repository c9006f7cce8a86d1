"""What is to be paid, for somebody who asks before paying. Reads only."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from powerbank.api.rate_limits import hit_if_counted
from powerbank.base.db import db, utcnow
from powerbank.base.errors import NotFoundError
from powerbank.content import app_config
from powerbank.promotions import coupons
from powerbank.rentals import queries, transitions
from powerbank.rentals.states import OUT, Status
from powerbank.stations.errors import package_inactive
from powerbank.stations.packages.models import Package, PaymentModel


def before(user_id: UUID, arguments: Mapping[str, Any]) -> int:
    """The price of a package, or the deposit that is held while it is paid afterwards."""
    package = db.session.get(Package, arguments["package_id"])
    if package is None:
        raise NotFoundError("package")
    if not package.active:
        raise package_inactive()
    if package.payment_model == PaymentModel.POSTPAID:
        return app_config.current().postpaid_deposit
    code = arguments.get("coupon_code")
    if code is None:
        return package.price
    hit_if_counted(*coupons.GUESSES, str(user_id))
    return package.price - coupons.quote_discount(user_id=user_id, code=code, price=package.price, now=utcnow()).amount


def after(user_id: UUID, arguments: Mapping[str, Any]) -> int:
    """What is owed for a rental, or would be if it ended now."""
    rental = transitions.of_user(arguments["rental_id"], user_id)
    now = utcnow()
    card = queries.card(rental, now=now)
    unsettled = rental.status in OUT or (rental.status == Status.COMPLETED and rental.settled_at is None)
    return card.due_amount + (queries.unbilled(rental, now) if unsettled else 0)
