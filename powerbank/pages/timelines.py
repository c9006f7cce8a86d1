"""Timelines: what happened to one thing, from many sources, in one order. `ui.timeline(moments)` shows one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Moment:
    """One thing that happened. `source` says who tells it, and is the name of a filter above the timeline."""

    at: datetime
    source: str
    title: str
    detail: str = ""
    by: str = ""
    tone: str = "quiet"
    href: str | None = None


def in_order(*parts: Iterable[Moment]) -> list[Moment]:
    """Put moments into one order, oldest first. Those of one instant stay in the order in which they were given."""
    return sorted((moment for part in parts for moment in part), key=lambda moment: moment.at)
