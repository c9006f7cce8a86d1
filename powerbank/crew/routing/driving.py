"""Drive a trip in an order of its stops, on paper: what time it is where, what is in hand, and what the order costs.

Who runs out of charged banks, or has no room for more, goes by the warehouse that is least out of the way, and fetches
what the next stops need. A stop that is closed, or too late for the end of the shift, is passed over. Banks that are in
hand at the end go to the nearest warehouse.

The cost is the time until the end, and far more than any way for each stop that is left out and each bank that is
missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from powerbank.crew.routing.trips import Route, Trip, Visit, Ways

LEFT_OUT = 100_000
MISSING = 20_000
AT_WAREHOUSE = 600  # seconds
NEVER = -1


@dataclass
class _Notes:
    """What a drive is told as, once an order was chosen."""

    drive: "Drive"
    visits: list[Visit] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)

    def note_stop(self, stop: int, came_from: int, begins: int, *, load: int, stays: int) -> None:
        drive = self.drive
        self.visits.append(
            Visit(
                key=drive.trip.stops[stop - 1].key,
                kind="stop",
                arrives=begins,
                leaves=begins + drive.work[stop],
                metres=drive.ways.metres[came_from][stop],
                load=load,
                unload=stays,
                missing=drive.bring[stop] - stays,
            )
        )

    def note_warehouse(self, depot: int, came_from: int, left_at: int, *, load: int, unload: int) -> None:
        drive = self.drive
        arrives = left_at + drive.seconds[came_from][depot]
        self.visits.append(
            Visit(
                key=drive.trip.warehouses[depot - drive.first_depot].key,
                kind="warehouse",
                arrives=arrives,
                leaves=arrives + AT_WAREHOUSE,
                metres=drive.ways.metres[came_from][depot],
                load=load,
                unload=unload,
            )
        )


class Drive:
    """A trip with all that can be known before an order is tried, since thousands of orders are.

    Places are numbered as in the ways: 0 is the start, then come the stops, then the warehouses.
    """

    def __init__(self, trip: Trip, ways: Ways) -> None:
        self.trip = trip
        self.ways = ways
        self.seconds = ways.seconds
        self.bring = [0, *(min(each.bring, trip.capacity) for each in trip.stops)]
        self.work = [0, *(each.seconds for each in trip.stops)]
        self._spare = [0, *(min(each.take_charged, trip.capacity) for each in trip.stops)]
        self._takes = [0, *(min(each.takes, trip.capacity) for each in trip.stops)]
        self._windows = [(), *(each.windows for each in trip.stops)]
        self._left_out = [0, *(LEFT_OUT + each.weight for each in trip.stops)]
        self.first_depot = len(trip.stops) + 1
        depots, way = range(self.first_depot, self.first_depot + len(trip.warehouses)), ways.seconds
        nodes = range(self.first_depot)
        self._nearest = [min(depots, key=lambda house: way[at][house], default=0) for at in nodes]
        self._between = [
            [min(depots, key=lambda house: way[at][house] + way[house][to], default=0) for to in nodes] for at in nodes
        ]

    def cost(self, order: Sequence[int]) -> int:
        return self._drive(order, None)

    def route(self, order: Sequence[int]) -> Route:
        notes = _Notes(self)
        cost = self._drive(order, notes)
        return Route(
            visits=tuple(notes.visits),
            left_out=tuple(self.trip.stops[each - 1].key for each in notes.left_out),
            seconds=notes.visits[-1].leaves if notes.visits else 0,
            metres=sum(each.metres for each in notes.visits),
            cost=cost,
        )

    def _drive(self, order: Sequence[int], notes: _Notes | None) -> int:
        way, capacity, end = self.seconds, self.trip.capacity, self.trip.seconds
        stock = [each.charged for each in self.trip.warehouses]
        charged, flat, at, now, cost = self.trip.charged, self.trip.flat, 0, 0, 0
        for number, stop in enumerate(order):
            had, other, depot = charged, flat, 0
            if charged < self.bring[stop] or charged + flat + self._takes[stop] - self.bring[stop] > capacity:
                depot = self._between[at][stop]
            arrives = now + way[at][stop]
            if depot:
                had, other = self._fetch(order, number, stock[depot - self.first_depot] + charged), 0
                arrives = now + way[at][depot] + AT_WAREHOUSE + way[depot][stop]
            stays = min(self.bring[stop], had)
            # Without a warehouse on the way, what there is no room for stays where it is.
            taken = min(self._takes[stop], capacity - had - other + stays)
            spared = min(self._spare[stop], taken)
            left_charged, left_flat = had - stays + spared, other + taken - spared
            begins = self._begin(stop, arrives)
            back = way[stop][self._nearest[stop]] if left_charged + left_flat and self._nearest[stop] else 0
            if begins == NEVER or begins + self.work[stop] + back > end:
                cost += self._left_out[stop]
                if notes:
                    notes.left_out.append(stop)
                continue
            if depot:
                stock[depot - self.first_depot] += charged - had
            if notes:
                if depot:
                    load, unload = max(0, had - charged), flat + max(0, charged - had)
                    notes.note_warehouse(depot, at, now, load=load, unload=unload)
                notes.note_stop(stop, depot or at, begins, load=taken, stays=stays)
            cost += (self.bring[stop] - stays) * MISSING
            at, now, charged, flat = stop, begins + self.work[stop], left_charged, left_flat
        return cost + self._hand_in(at, now, charged + flat, notes)

    def _begin(self, stop: int, arrives: int) -> int:
        """Say when work can begin: at once, when the house opens, or never."""
        for opens, closes in self._windows[stop]:
            if max(arrives, opens) + self.work[stop] <= closes:
                return max(arrives, opens)
        return NEVER

    def _fetch(self, order: Sequence[int], number: int, there: int) -> int:
        """Count the charged banks with which as many of the next stops as can be need no warehouse."""
        needs, room = 0, self.trip.capacity
        brought = took = spared = best = 0
        for stop in order[number:]:
            brought += self.bring[stop]
            needs = max(needs, brought - spared)
            took += self._takes[stop]
            spared += self._spare[stop]
            room = min(room, self.trip.capacity + brought - took)
            if needs > room:
                break
            best = needs
        return min(best or self.bring[order[number]], there)

    def _hand_in(self, at: int, now: int, held: int, notes: _Notes | None) -> int:
        """Bring what is in hand at the end to the nearest warehouse, and say when that is done."""
        depot = self._nearest[at]
        if not held or not depot:
            return now
        if notes:
            notes.note_warehouse(depot, at, now, load=0, unload=held)
        return now + self.seconds[at][depot] + AT_WAREHOUSE
