"""What a figure is: its name, its unit, what it means, and the expression that sums it up.

This is the one definition. The fold computes `expression` over the rows of the source, the definitions that people read
are made from the same lines, and nothing else computes a figure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from powerbank.analytics.buckets.sources import Source


class Unit(StrEnum):
    COUNT = "count"
    MONEY = "money"  # paisa inside, rupees outside
    MINUTES = "minutes"
    SECONDS = "seconds"
    PERCENT = "percent"


class Area(StrEnum):
    MONEY = "money"
    USE = "use"
    STATIONS = "stations"
    LOST = "lost"
    PEOPLE = "people"
    FLEET = "fleet"


@dataclass(frozen=True)
class Figure:
    """A figure that is kept as a sum, under its name in the tables of figures."""

    name: str
    area: Area
    unit: Unit
    source: Source
    expression: str
    title: tuple[str, str]  # English and Nepali
    meaning: tuple[str, str]

    @property
    def made_from(self) -> str:
        return f"{self.source}: {self.expression}"


@dataclass(frozen=True)
class Derived:
    """A figure that follows from kept ones: their sum, or the ratio of two sums."""

    name: str
    area: Area
    unit: Unit
    of: tuple[str, ...]
    title: tuple[str, str]
    meaning: tuple[str, str]
    per: tuple[str, ...] = ()  # divided by the sum of these
    factor: float = 1
    less: tuple[str, ...] = ()  # taken off
    # A factor that follows from the settings, and how it is written.
    rate: Callable[[], float] | None = None
    rate_name: str = ""

    @property
    def made_of(self) -> tuple[str, ...]:
        return (*self.of, *self.less, *self.per)

    @property
    def made_from(self) -> str:
        above = " + ".join(self.of) if self.factor == 1 else f"{self.factor:g} * ({' + '.join(self.of)})"
        if self.rate is not None:
            above = f"{self.rate_name} * ({above})"
        above = " - ".join((above, *self.less))
        return f"({above}) / ({' + '.join(self.per)})" if self.per else above

    def value(self, sums: Mapping[str, int]) -> float | None:
        """Compute the figure. None: there is nothing to divide by."""
        above = sum(sums[name] for name in self.of) * self.factor
        if self.rate is not None:
            above *= self.rate()
        above -= sum(sums[name] for name in self.less)
        if not self.per:
            return above
        below = sum(sums[name] for name in self.per)
        return above / below if below else None


@dataclass(frozen=True)
class Described:
    """A figure that a statement of its own computes: here stands what it means."""

    name: str
    title: tuple[str, str]
    meaning: tuple[str, str]
    made_from: str
    unit: Unit = Unit.COUNT
    area: Area = Area.PEOPLE


def index(*lists: tuple[Figure | Derived, ...]) -> Mapping[str, Figure | Derived]:
    return MappingProxyType({figure.name: figure for figures in lists for figure in figures})
