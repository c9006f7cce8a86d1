"""What is agreed on when a rental begins. Later edits of packages and prices never change it."""

from typing import Any

from powerbank.content.app_config import AppConfig
from powerbank.rentals.models import Rental
from powerbank.stations.packages.models import Package

_COPIED = (
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


def of_today(package: Package, rules: AppConfig) -> dict[str, Any]:
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


def of(rental: Rental) -> dict[str, Any]:
    """For a rental that stands in for another."""
    return {name: getattr(rental, name) for name in _COPIED}
