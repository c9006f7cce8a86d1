"""Write figures as the API does."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from powerbank.analytics.figures.counted import COUNTED, Counted
from powerbank.analytics.figures.figure import Derived, Described, Figure, Unit
from powerbank.analytics.figures.funnel import STEPS
from powerbank.analytics.figures.losses import LOSSES
from powerbank.analytics.figures.paces import PACES
from powerbank.analytics.figures.registry import ALL_FIGURES
from powerbank.analytics.screens.ways import GATEWAYS
from powerbank.base import money

Figures = dict[str, Any]
EVERY_FIGURE: Mapping[str, Figure | Derived | Counted | Described] = MappingProxyType(
    {**ALL_FIGURES, **COUNTED, **STEPS, **{each.name: each for each in (*LOSSES, *GATEWAYS, *PACES)}}
)
# The totals, those of the time before, the series, and what stands out.
Parts = tuple[Figures, Figures, list[Figures], list[Figures]]


def write(figures: Mapping[str, float | None]) -> Figures:
    """Write figures: money as text, counts as whole numbers, the rest with two decimals."""
    return {name: write_value(unit_of(name), value) for name, value in figures.items()}


def described(name: str) -> Figure | Derived | Counted | Described:
    """Find a figure, whatever computes it."""
    return EVERY_FIGURE[name]


def unit_of(name: str) -> Unit:
    return EVERY_FIGURE[name].unit


def write_value(unit: Unit, value: float | None) -> Any:
    if value is None:
        return None
    if unit == Unit.MONEY:
        return money.format_amount(round(value))
    return round(value) if value == round(value) else round(value, 2)
