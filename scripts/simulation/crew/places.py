"""Where somebody is, and how they get elsewhere: in small steps along the straight line, as slowly as on a road."""

import math
from collections.abc import Iterator
from typing import NamedTuple

EARTH_METRES = 6_371_000
ROADS = 1.3  # a road is so much longer than the straight line


class Point(NamedTuple):
    lat: float
    lng: float

    def metres_to(self, other: "Point") -> float:
        first, second = math.radians(self.lat), math.radians(other.lat)
        half = math.sin((second - first) / 2) ** 2
        half += math.cos(first) * math.cos(second) * math.sin(math.radians(other.lng - self.lng) / 2) ** 2
        return 2 * EARTH_METRES * math.asin(min(1.0, math.sqrt(half)))


def drive(start: Point, end: Point, *, metres_a_second: float, every: float) -> Iterator[Point]:
    """Give the place after each `every` seconds of a drive; the last one is the end."""
    seconds = start.metres_to(end) * ROADS / metres_a_second
    steps = max(1, math.ceil(seconds / every))
    for step in range(1, steps + 1):
        share = step / steps
        yield Point(start.lat + (end.lat - start.lat) * share, start.lng + (end.lng - start.lng) * share)
