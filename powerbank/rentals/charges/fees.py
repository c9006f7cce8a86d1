"""The fees for time: pure functions of times and prices that return paisa, and the same applied to a rental."""

from datetime import datetime, timedelta

from powerbank.rentals.models import Rental
from powerbank.stations.packages.models import PaymentModel

HOUR = timedelta(hours=1)
HOURS_OF_A_DAY = 24


def count_started_units(duration: timedelta, unit: timedelta) -> int:
    """Count the units that have begun: no time has none, the first second has one."""
    return -(-max(duration, timedelta()) // unit)


def overdue_fee(
    *, due_at: datetime, until: datetime, rate: int, grace_minutes: int = 0, cap_per_day: int | None = None
) -> int:
    """Return the fee for each hour that has begun after the due time and the grace minutes.

    Where there is a cap, each 24 hours cost no more than the cap.
    """
    hours = count_started_units(until - due_at - timedelta(minutes=grace_minutes), HOUR)
    if cap_per_day is None:
        return hours * rate
    days, rest = divmod(hours, HOURS_OF_A_DAY)
    return days * min(cap_per_day, HOURS_OF_A_DAY * rate) + min(cap_per_day, rest * rate)


def usage_fee(*, started_at: datetime, until: datetime, unit_minutes: int, unit_price: int) -> int:
    """Return the price of the units that have begun. A power bank that was out at all costs one unit."""
    return max(1, count_started_units(until - started_at, timedelta(minutes=unit_minutes))) * unit_price


def meter_time(rental: Rental, now: datetime) -> datetime:
    """Return the time up to which a rental would cost something now. It stands still during a pause."""
    paused = rental.paused_from is not None and rental.paused_until is not None and now <= rental.paused_until
    return min(now, rental.paused_from) if paused and rental.paused_from is not None else now


def overdue_fee_of_rental(rental: Rental, until: datetime) -> int:
    """Return the overdue fee of a rental since its due time, which is zero before the due time."""
    if rental.due_at is None:
        return 0
    return overdue_fee(
        due_at=rental.due_at,
        until=until,
        rate=rental.overdue_rate,
        grace_minutes=rental.overdue_grace_minutes,
        cap_per_day=rental.overdue_cap,
    )


def usage_fee_of_rental(rental: Rental, until: datetime) -> int:
    """Return the usage fee of a postpaid rental up to its due time. After the due time only the overdue fee grows."""
    if rental.payment_model != PaymentModel.POSTPAID or rental.metered_from is None or rental.due_at is None:
        return 0
    assert rental.unit_minutes is not None and rental.unit_price is not None  # noqa: S101, PT018 (CHECK postpaid)
    fee = usage_fee(
        started_at=rental.metered_from,
        until=min(until, rental.due_at),
        unit_minutes=rental.unit_minutes,
        unit_price=rental.unit_price,
    )
    # Discount and credit count once: an extension restarts the meter, and then they are not subtracted again.
    less = rental.discount + rental.reservation_credit
    return max(0, fee - (less if rental.metered_from == rental.started_at else 0))
