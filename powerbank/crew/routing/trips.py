"""What a trip of the crew is made of: where banks are wanted, where they come from, and how long each way takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from powerbank.stations.availability.kept_slots import Place

ROAD_FACTOR = 1.35  # roads are longer than the line through the air by so much
SPEED = 20  # kilometres an hour, through a town, with its lights and its parking
METRES_PER_SECOND = SPEED / 3.6

Window = tuple[int, int]  # seconds from the start of the trip
Matrix = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Stop:
    """A task at a station."""

    key: str
    place: Place
    bring: int = 0  # charged banks that stay there
    take_charged: int = 0  # banks that the station can spare, and another can use
    take_flat: int = 0  # banks that belong into a warehouse
    seconds: int = 300  # for which the work lasts
    windows: tuple[Window, ...] = ((0, 10**9),)  # in which the house is open
    weight: int = 0  # the more it is, the later it is left out when time is short

    @property
    def takes(self) -> int:
        return self.take_charged + self.take_flat


@dataclass(frozen=True)
class Warehouse:
    key: str
    place: Place
    charged: int  # banks that can be fetched there


@dataclass(frozen=True)
class Trip:
    """What one member of the crew has before them."""

    start: Place
    stops: tuple[Stop, ...]
    warehouses: tuple[Warehouse, ...] = ()
    charged: int = 0  # in hand already
    flat: int = 0
    capacity: int = 20
    seconds: int = 10**9  # until the shift ends

    @property
    def places(self) -> list[Place]:
        """The start, all stops, all warehouses: the order of the rows and columns of a matrix of ways."""
        return [self.start, *(each.place for each in self.stops), *(each.place for each in self.warehouses)]


@dataclass(frozen=True)
class Ways:
    """How long the way from each place to each other is. Ways through one-way streets differ by their direction."""

    seconds: Matrix
    metres: Matrix


@dataclass(frozen=True)
class Visit:
    """One place of a route, with what to do there."""

    key: str
    kind: str  # stop or warehouse
    arrives: int  # seconds from the start
    leaves: int
    metres: int  # from the place before
    load: int = 0  # banks that one takes along from here
    unload: int = 0  # banks that stay here
    missing: int = 0  # banks that should have stayed here, and nobody has


@dataclass(frozen=True)
class Route:
    visits: tuple[Visit, ...]
    left_out: tuple[str, ...]  # what is closed, or cannot be reached before the shift ends
    seconds: int
    metres: int
    cost: int = field(compare=False, default=0)


def measure_ways(places: Sequence[Place]) -> Ways:
    """Estimate all ways by the distance through the air and a factor for roads."""
    metres = [[round(one.distance_to(other) * ROAD_FACTOR) for other in places] for one in places]
    return Ways([[round(way / METRES_PER_SECOND) for way in row] for row in metres], metres)
