"""Find an order of stops that is worth driving.

It begins with what a person would do, who always drives to the stop that is nearest, and keeps only what is better. So
it is never worse than that. A few stops are tried in all orders. More are improved by turning a part of the route
around, and by moving some stops to another place in it, until nothing helps. Then some are moved at random, and it goes
on until its time is over. The same trip gives the same route as long as the time does not cut it off.
"""

import itertools
import random
import time
from collections.abc import Iterator

from powerbank.crew.routing.driving import Drive
from powerbank.crew.routing.trips import Route, Trip, Ways

SECONDS = 1.0
TRIED_IN_ALL_ORDERS = 7
ROUNDS = 400  # of moving some stops at random and improving again
LONGEST_MOVED = 3

Order = list[int]


def plan_route(trip: Trip, ways: Ways, *, seconds: float = SECONDS) -> Route:
    """Plan the route of a trip within some seconds."""
    drive, until = Drive(trip, ways), time.monotonic() + seconds
    best = drive_nearest_first(drive)
    if len(best) <= TRIED_IN_ALL_ORDERS:
        return drive.route(min(map(list, itertools.permutations(best)), key=drive.cost) if best else [])
    lowest = drive.cost(best)
    best, lowest = _improve(drive, best, lowest, until)
    chance = random.Random(len(best))  # noqa: S311  # nosec B311: it guards nothing
    for _ in range(ROUNDS):
        if time.monotonic() > until:
            break
        other = _shake(best, chance)
        other, cost = _improve(drive, other, drive.cost(other), until)
        if cost <= lowest:
            best, lowest = other, cost
    return drive.route(best)


def plan_nearest_first(trip: Trip, ways: Ways) -> Route:
    """Plan what a person would do without a plan."""
    drive = Drive(trip, ways)
    return drive.route(drive_nearest_first(drive))


def drive_nearest_first(drive: Drive) -> Order:
    """Give the order in which somebody drives who goes to the nearest stop that is open and in time, always."""
    order: Order = []
    left = set(range(1, len(drive.trip.stops) + 1))
    while left:
        at = order[-1] if order else 0
        nearest = sorted(left, key=lambda stop: (drive.seconds[at][stop], stop))
        before = len(drive.route(order).left_out)
        chosen = next((each for each in nearest if len(drive.route([*order, each]).left_out) == before), None)
        if chosen is None:  # nothing can be reached any more
            return [*order, *nearest]
        order.append(chosen)
        left.remove(chosen)
    return order


def _improve(drive: Drive, order: Order, cost: int, until: float) -> tuple[Order, int]:
    """Take the first change that helps, again and again, until none does."""
    better = True
    while better and time.monotonic() < until:
        better = False
        for number, other in enumerate(_changes(drive, order)):
            if number % 64 == 0 and time.monotonic() > until:
                break
            found = drive.cost(other)
            if found < cost:
                order, cost, better = other, found, True
                break
    return order, cost


def _changes(drive: Drive, order: Order) -> Iterator[Order]:
    """Yield the changes that make the way itself shorter."""
    way, count = drive.seconds, len(order)
    path = [0, *order]
    for first in range(1, count + 1):
        before, begin = path[first - 1], path[first]
        for last in range(first + 1, count + 1):
            end, after = path[last], path[last + 1] if last < count else None
            gain = way[before][begin] - way[before][end]
            gain += way[end][after] - way[begin][after] if after is not None else 0
            if gain > 0:
                yield [*path[1:first], *reversed(path[first : last + 1]), *path[last + 1 :]]
    for size in range(1, LONGEST_MOVED + 1):
        for first in range(1, count + 2 - size):
            begin, end = path[first], path[first + size - 1]
            before, after = path[first - 1], path[first + size] if first + size <= count else None
            gain = way[before][begin]
            gain += way[end][after] - way[before][after] if after is not None else 0
            rest = path[:first] + path[first + size :]
            for place in range(1, len(rest) + 1):
                if place == first:
                    continue
                one, other = rest[place - 1], rest[place] if place < len(rest) else None
                loss = way[one][begin] + (way[end][other] - way[one][other] if other is not None else 0)
                if loss < gain:
                    yield [*rest[1:place], *path[first : first + size], *rest[place:]]


def _shake(order: Order, chance: random.Random) -> Order:
    """Exchange two neighbouring parts of the route."""
    one, two, three = sorted(chance.sample(range(len(order) + 1), 3))
    return [*order[:one], *order[two:three], *order[one:two], *order[three:]]
