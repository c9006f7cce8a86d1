"""What a person has used so far. `powerbank.wiring` says who counts it; without that it is nothing."""

from collections.abc import Callable, Mapping
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


def register_totals(counts: Mapping[Total, Count]) -> None:
    _counts.clear()
    _counts.update(counts)


def usage_of(user_id: UUID) -> dict[str, int | str]:
    totals: dict[str, int | str] = {total.value: _counts[total](user_id) if total in _counts else 0 for total in Total}
    return totals | {"currency": CURRENCY}
