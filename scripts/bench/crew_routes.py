#!/usr/bin/env python
"""Measures routes of the crew on made-up towns: `python scripts/bench/crew_routes.py --write`.

Ours against always driving to what is nearest, and against PyVRP within the same time, where that is installed. PyVRP
fetches banks and brings them back; it does not know that what one station spares is what another wants.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import random
import statistics
import time
from collections.abc import Callable

from powerbank.crew.routing.driving import Drive
from powerbank.crew.routing.solving import SECONDS, drive_nearest_first, plan_nearest_first, plan_route
from powerbank.crew.routing.trips import Stop, Trip, Warehouse, Ways, measure_ways
from powerbank.stations.availability.kept_slots import Place
from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT

PAGE = ROOT / "docs/performance.md"
AN_HOUR = 3600

Planner = Callable[[Trip, Ways], list[int]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--towns", type=int, default=10)
    parser.add_argument("--stops", type=int, default=60)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    solver = find_solver()
    lines = [
        "| towns of 60 stops | ours against nearest first | worst town | PyVRP against nearest first | ours takes |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for title, make in TOWNS.items():
        ours, theirs, took = [], [], []
        for seed in range(arguments.towns):
            trip = make(random.Random(seed), arguments.stops)  # noqa: S311
            ways = measure_ways(trip.places)
            by_hand = plan_nearest_first(trip, ways)
            began = time.monotonic()
            planned = plan_route(trip, ways)
            took.append(time.monotonic() - began)
            ours.append(planned.cost / by_hand.cost)
            if solver is not None:
                drive = Drive(trip, ways)
                theirs.append(drive.cost(solver(trip, ways)) / by_hand.cost)
        other = f"{statistics.mean(theirs):.3f}" if theirs else "–"
        lines.append(
            f"| {title} | {statistics.mean(ours):.3f} | {max(ours):.3f} | {other} | {max(took):.2f} s at most |"
        )
    text = "\n".join(lines)
    sys.stdout.write(f"{text}\n")
    if arguments.write:
        report.keep(PAGE, "crew routes", text)
    return 0


def town(chance: random.Random, stops: int, *, banks: bool, hours: bool) -> Trip:
    """Make a town of six quarters, in a valley of some eight kilometres."""
    quarters = [(27.70 + chance.gauss(0, 0.02), 85.32 + chance.gauss(0, 0.025)) for _ in range(6)]

    def somewhere() -> Place:
        lat, lng = chance.choice(quarters)
        return Place(lat + chance.gauss(0, 0.008), lng + chance.gauss(0, 0.009))

    made = tuple(make_stop(str(number), somewhere(), chance, banks=banks, hours=hours) for number in range(stops))
    houses = (Warehouse("north", somewhere(), 300), Warehouse("south", somewhere(), 300)) if banks else ()
    return Trip(somewhere(), made, houses, seconds=12 * AN_HOUR)


def make_stop(key: str, place: Place, chance: random.Random, *, banks: bool, hours: bool) -> Stop:
    bring = spare = flat = 0
    kind = chance.choice(("empty", "full", "weak", "clean")) if banks else "clean"
    if kind == "empty":
        bring = chance.randint(2, 4)
    elif kind == "full":
        spare = chance.randint(2, 4)
    elif kind == "weak":
        bring = flat = chance.randint(1, 3)
    windows = ((0, 10**9),)
    if hours and chance.random() < 0.3:
        opens = chance.randint(0, 4) * AN_HOUR
        windows = ((opens, opens + chance.randint(4, 8) * AN_HOUR),)
    return Stop(key, place, bring, spare, flat, 300, windows)


TOWNS: dict[str, Callable[[random.Random, int], Trip]] = {
    "ways alone": lambda chance, stops: town(chance, stops, banks=False, hours=False),
    "with banks to fetch and bring": lambda chance, stops: town(chance, stops, banks=True, hours=False),
    "with banks, opening hours, and an end of the shift": lambda chance, stops: town(
        chance, stops, banks=True, hours=True
    ),
}


def find_solver() -> Planner | None:
    try:
        import pyvrp  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        return None
    return ask_pyvrp


def ask_pyvrp(trip: Trip, ways: Ways) -> list[int]:
    """Let PyVRP order the stops. What it leaves out comes last, and is tried there."""
    from pyvrp import Model
    from pyvrp.stop import MaxRuntime  # type: ignore[import-not-found]

    model, count = Model(), len(trip.stops)
    places = [model.add_location(0, number) for number in range(len(trip.places))]
    anywhere = model.add_location(0, 10**6)  # the route ends where its last stop is
    start, end = model.add_depot(places[0]), model.add_depot(anywhere)
    houses = [model.add_depot(each) for each in places[count + 1 :]]
    for place, stop in zip(places[1:], trip.stops, strict=False):
        opens, closes = stop.windows[0]
        model.add_client(
            place,
            delivery=[stop.bring],
            pickup=[stop.takes],
            service_duration=stop.seconds,
            tw_early=opens,
            tw_late=min(closes - stop.seconds, 10**7),
            prize=100_000,
            required=False,
        )
    model.add_vehicle_type(
        capacity=[trip.capacity],
        start_depot=start,
        end_depot=end,
        unit_distance_cost=0,
        unit_duration_cost=1,
        shift_duration=trip.seconds,
        reload_depots=houses,
        **({"max_reloads": 20} if houses else {}),
    )
    for at, one in enumerate(places):
        for to, other in enumerate(places):
            model.add_edge(one, other, distance=ways.seconds[at][to], duration=ways.seconds[at][to])
        model.add_edge(one, anywhere, distance=0, duration=0)
        model.add_edge(anywhere, one, distance=0, duration=0)
    best = model.solve(stop=MaxRuntime(SECONDS), display=False, seed=1).best
    order = [each.idx + 1 for route in best.routes() for each in route.schedule() if each.is_client()]
    return [*order, *(each for each in drive_nearest_first(Drive(trip, ways)) if each not in order)]


if __name__ == "__main__":
    raise SystemExit(main())
