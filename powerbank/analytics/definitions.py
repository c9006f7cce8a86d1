"""The definitions of all figures, made from what computes them."""

from typing import Any

from powerbank.analytics.figures.figure import Derived, Figure
from powerbank.analytics.figures.registry import is_of_network, is_of_packages
from powerbank.analytics.screens.writing import EVERY_FIGURE

_OF_STATIONS = ("station_sn", "city", "partner_id")


def list_definitions() -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "area": each.area,
            "unit": each.unit,
            "title": {"en": each.title[0], "ne": each.title[1]},
            "meaning": {"en": each.meaning[0], "ne": each.meaning[1]},
            "made_from": each.made_from,
            "filters": _filters_of(each),
        }
        for each in EVERY_FIGURE.values()
    ]


def _filters_of(figure: Any) -> list[str]:
    if not isinstance(figure, Derived | Figure):
        return []
    filters = [] if is_of_network(figure.name) else [*_OF_STATIONS]
    return [*filters, "package_id"] if is_of_packages(figure.name) else filters
