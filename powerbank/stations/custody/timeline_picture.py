"""The timeline of a power bank as a picture: a lane for each kind of place, a bar for each stay.

It has no script and no styles: what a page draws is numbers in a fixed frame, and the classes of its bars.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from powerbank.base.clock import HOME
from powerbank.stations.custody.models import Place

WIDTH, LANE, TOP = 1000, 34, 8
SHORTEST_BAR = 3.0
LANES = (Place.SLOT, Place.USER, Place.CREW, Place.WAREHOUSE, Place.QUARANTINED, Place.LOST)
STEPS = (
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=30),
    timedelta(days=120),
)
MOST_MARKS = 9


@dataclass(frozen=True)
class Bar:
    place: str
    x: float
    y: int
    width: float
    stay: dict[str, Any]


@dataclass(frozen=True)
class Mark:
    x: float
    at: datetime


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    lane_height: int
    lanes: list[tuple[str, int]]  # each place that the bank was at, and where its lane is
    bars: list[Bar]
    moves: list[tuple[float, int, int]]  # from one lane to the next
    marks: list[Mark]


def draw_timeline(stays: Sequence[dict[str, Any]], *, now: datetime, zone: ZoneInfo = HOME) -> Picture | None:
    """Draw stays, newest first, as `describe_bank` gives them. None: there are none."""
    if not stays:
        return None
    oldest_first = list(reversed(stays))
    since = oldest_first[0]["since"]
    until = max(now, since + timedelta(minutes=10))
    used = [place for place in LANES if any(stay["place"] == place for stay in oldest_first)]
    lanes = {place.value: TOP + number * LANE for number, place in enumerate(used)}

    def find_x(at: datetime) -> float:
        share: float = (at - since) / (until - since)
        return round(share * WIDTH, 1)

    bars = []
    for stay in oldest_first:
        x, end = find_x(stay["since"]), find_x(stay["until"] or until)
        width = max(SHORTEST_BAR, end - x)
        bars.append(Bar(stay["place"], min(x, WIDTH - width), lanes[stay["place"]], round(width, 1), stay))
    moves = [(after.x, before.y + LANE // 2, after.y + LANE // 2) for before, after in pairwise(bars)]
    height = TOP + len(lanes) * LANE
    marks = [Mark(find_x(at), at) for at in _find_marks(since, until, zone)]
    return Picture(WIDTH, height, LANE, list(lanes.items()), bars, moves, marks)


def _find_marks(since: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
    """Find round moments between two times, not too many of them."""
    step = next((each for each in STEPS if (until - since) / each <= MOST_MARKS), (until - since) / MOST_MARKS)
    local = since.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    moments, at = [], midnight
    while at <= until:
        if at > since:
            moments.append(at)
        at += step
    return moments
