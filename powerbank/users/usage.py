"""What a person has used so far. The domains that count it say at start-up how; until then it is nothing."""

from collections.abc import Callable
from enum import StrEnum
from uuid import UUID

CURRENCY = "NPR"


class Total(StrEnum):
    RENTALS = "rentals"
    MINUTES = "minutes"
    SPEND = "spend"  # paisa
    POINTS = "points"


Count = Callable[[UUID], int]

_counts: dict[Total, Count] = {}


def register_total(total: Total, count: Count) -> None:
    _counts[total] = count


def usage_of(user_id: UUID) -> dict[str, int | str]:
    totals: dict[str, int | str] = {total.value: _counts[total](user_id) if total in _counts else 0 for total in Total}
    return totals | {"currency": CURRENCY}
