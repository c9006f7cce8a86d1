"""What time costs. Pure: nothing but times and prices goes in, paisa come out."""

from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
HOURS_OF_A_DAY = 24


def started(duration: timedelta, unit: timedelta) -> int:
    """How many units have begun: none of nothing, one of the first second."""
    return -(-max(duration, timedelta()) // unit)


def overdue_fee(
    *, due_at: datetime, until: datetime, rate: int, grace_minutes: int = 0, cap_per_day: int | None = None
) -> int:
    """For each started hour after the due time and the grace; each 24 hours cost no more than the cap."""
    hours = started(until - due_at - timedelta(minutes=grace_minutes), HOUR)
    if cap_per_day is None:
        return hours * rate
    days, rest = divmod(hours, HOURS_OF_A_DAY)
    return days * min(cap_per_day, HOURS_OF_A_DAY * rate) + min(cap_per_day, rest * rate)


def usage_fee(*, started_at: datetime, until: datetime, unit_minutes: int, unit_price: int) -> int:
    """For each started unit. A bank that was out at all costs one."""
    return max(1, started(until - started_at, timedelta(minutes=unit_minutes))) * unit_price
