"""All figures, by name, and which of them each page of the API shows."""

from types import MappingProxyType

from powerbank.analytics.buckets.sources import STATEMENTS
from powerbank.analytics.figures.figure import Derived, Figure, index
from powerbank.analytics.figures.money import MONEY
from powerbank.analytics.figures.stations import CREW, LOST, STATIONS
from powerbank.analytics.figures.use import PEOPLE, USE

ALL_FIGURES = index(MONEY, USE, STATIONS, CREW, LOST, PEOPLE)
KEPT = tuple(figure for figure in ALL_FIGURES.values() if isinstance(figure, Figure))


def is_of_network(name: str) -> bool:
    """Tell whether a figure is known of the whole network only, and not of a station or a package."""
    figure = ALL_FIGURES[name]
    if isinstance(figure, Derived):
        return any(is_of_network(each) for each in (*figure.of, *figure.less))
    return not STATEMENTS[figure.source].has_station


def is_of_packages(name: str) -> bool:
    """Tell whether a figure is known by package."""
    figure = ALL_FIGURES[name]
    if isinstance(figure, Derived):
        return all(is_of_packages(each) for each in figure.made_of)
    return STATEMENTS[figure.source].has_package


_USE = ("rentals_started", "rentals_completed", "on_time_percent", "rentals_failed", "rentals_lost")
_LOST = ("refused_starts", "refused_value")

VIEWS = MappingProxyType(
    {
        "dashboard": (
            "revenue",
            *_USE,
            "topped_up",
            *_LOST,
            "sign_ups",
            "minutes_empty",
            "minutes_full",
            "minutes_offline",
            "seconds_to_eject",
        ),
        "revenue": (*(figure.name for figure in MONEY), "rentals_started"),
        "rentals": tuple(figure.name for figure in USE),
        "users": (*(figure.name for figure in PEOPLE), "rentals_started", "topped_up", "revenue"),
        "stations": (
            "revenue",
            "rentals_started",
            "rentals_failed",
            "returns",
            "returns_from_elsewhere",
            *(figure.name for figure in STATIONS if isinstance(figure, Derived) or figure.name.startswith("ejections")),
            "issues",
            *(figure.name for figure in CREW if figure.name != "task_seconds"),
            *(figure.name for figure in LOST),
            "page_opens",
        ),
    }
)
