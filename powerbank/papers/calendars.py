"""Days in both calendars: the one of the world and Bikram Sambat, the official one of Nepal."""

from datetime import date, datetime
from functools import lru_cache

import nepali_datetime

from powerbank.base.clock import HOME


def format_both(day: date) -> str:
    """Write a day as `2026-11-30 (BS 2083-08-14)`. A day that the tables of Bikram Sambat do not reach stands alone."""
    nepali = format_nepali(day)
    return f"{day:%Y-%m-%d}" if nepali is None else f"{day:%Y-%m-%d} (BS {nepali})"


@lru_cache(maxsize=4096)
def format_nepali(day: date) -> str | None:
    try:
        found = nepali_datetime.date.from_datetime_date(day)
    except (ValueError, OverflowError):
        return None
    return f"{found.year:04d}-{found.month:02d}-{found.day:02d}"


def format_moment(written: str) -> str:
    """Write a moment, which stands in UTC as in the API, in the time of the network's home and in both calendars."""
    moment = datetime.fromisoformat(written).astimezone(HOME)
    return f"{format_both(moment.date())} {moment:%H:%M}"
