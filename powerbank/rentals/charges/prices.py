"""The amounts that the payment options ask for: before a rental begins, and for a rental that exists.

`powerbank.wiring` registers both functions as payment scenarios. They only read.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from powerbank.api.rate_limits import hit_if_counted
from powerbank.base.db import db, utcnow
from powerbank.base.errors import NotFoundError
from powerbank.base.money import NPR
from powerbank.content import app_config
from powerbank.promotions import coupons
from powerbank.rentals import cards, queries
from powerbank.rentals.charges import billing, fees
from powerbank.rentals.models import Rental
from powerbank.rentals.states import OUT, Status
from powerbank.stations.errors import package_inactive
from powerbank.stations.packages.models import Package, PaymentModel


def price_before_rental(user_id: UUID, arguments: Mapping[str, Any]) -> int:
    """Return the price of a package less the coupon's discount, or the deposit of a postpaid package."""
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


def price_after_rental(user_id: UUID, arguments: Mapping[str, Any]) -> int:
    """Return what is owed for a rental, plus what it would cost if it ended now."""
    rental = queries.rental_of_user(arguments["rental_id"], user_id)
    now = utcnow()
    card = cards.card_of_rental(rental, now=now)
    unsettled = rental.status in OUT or (rental.status == Status.COMPLETED and rental.settled_at is None)
    return card.due_amount + (unbilled_fees(rental, now) if unsettled else 0)


def unbilled_fees(rental: Rental, now: datetime) -> int:
    """Return the fees that are not billed yet, as far as they exceed the amounts that are held."""
    if rental.came_late:
        return 0
    until = rental.ended_at or fees.meter_time(rental, now)
    unbilled = fees.usage_fee_of_rental(rental, until) + fees.overdue_fee_of_rental(rental, until)
    return max(0, unbilled - billing.amounts_held(rental).get(NPR, 0) - rental.held_value)
