"""The terms of a rental: what is agreed on when it begins. Later edits of packages and prices never change them."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from powerbank.base.db import new_id
from powerbank.content.app_config import AppConfig
from powerbank.rentals.models import Rental
from powerbank.rentals.states import Status
from powerbank.stations.packages.models import Package

# Letters and digits that are taken for one another on the telephone are left out.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # in its order
CODE_BEGINS, CODE_LENGTH = "R", 10
_TERMS = (
    "package_id",
    "package_name",
    "payment_model",
    "duration_minutes",
    "price",
    "unit_minutes",
    "unit_price",
    "deposit",
    "overdue_rate",
    "overdue_grace_minutes",
    "overdue_cap",
    "replacement_price",
    "cancel_window_minutes",
    "lost_after_days",
    "points_per_npr",
)


def current_terms(package: Package, rules: AppConfig) -> dict[str, Any]:
    """Return the terms on which a package is rented now."""
    return {
        "package_id": package.id,
        "package_name": package.name,
        "payment_model": package.payment_model,
        "duration_minutes": package.duration_minutes,
        "price": package.price,
        "unit_minutes": package.unit_minutes,
        "unit_price": package.unit_price,
        "deposit": rules.postpaid_deposit,
        "overdue_rate": rules.overdue_rate_per_hour,
        "overdue_grace_minutes": rules.overdue_grace_minutes,
        "overdue_cap": rules.overdue_cap_per_day,
        "replacement_price": rules.replacement_price,
        "cancel_window_minutes": rules.cancel_window_minutes,
        "lost_after_days": rules.lost_after_days,
        "points_per_npr": rules.points_per_npr,
    }


def terms_of_rental(rental: Rental) -> dict[str, Any]:
    """Return the terms of a rental, for another one that takes its place or stands beside it."""
    return {name: getattr(rental, name) for name in _TERMS}


def new_rental(
    *, user_id: UUID, station_id: UUID, method: str, created_at: datetime, terms: Mapping[str, Any]
) -> Rental:
    """Return a pending rental on these terms. It has no power bank yet and is not in the session."""
    return Rental(
        id=new_id(),
        code=_new_code(),
        user_id=user_id,
        station_id=station_id,
        status=Status.PENDING,
        payment_method=method,
        created_at=created_at,
        version=0,
        discount=0,
        reservation_credit=0,
        overdue_amount=0,
        **terms,
    )


def _new_code() -> str:
    return CODE_BEGINS + "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH - 1))
