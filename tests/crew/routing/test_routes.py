"""A route of the crew can be driven, and is never worse than always going to what is nearest."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerbank.crew.routing.solving import TRIED_IN_ALL_ORDERS, plan_nearest_first, plan_route
from powerbank.crew.routing.trips import Route, Stop, Trip, Warehouse, measure_ways
from powerbank.stations.availability.kept_slots import Place
from tests.examples import THOROUGH

QUICKLY = 0.05


def place(east: float, north: float = 0.0) -> Place:
    """Give a place so many kilometres from the middle of Kathmandu."""
    return Place(27.7 + north / 111.2, 85.3 + east / 98.5)


def plan(trip: Trip, planner: Callable[..., Route] = plan_route) -> Route:
    ways = measure_ways(trip.places)
    return planner(trip, ways, seconds=QUICKLY) if planner is plan_route else planner(trip, ways)


def keys(route: Route) -> list[str]:
    return [each.key for each in route.visits]


_PLACES = st.builds(place, st.floats(-8, 8), st.floats(-8, 8))


@st.composite
def trips(draw: st.DrawFn) -> Trip:
    stops = tuple(
        Stop(
            key=f"task {number}",
            place=draw(_PLACES),
            bring=draw(st.integers(0, 6)),
            take_charged=draw(st.integers(0, 5)),
            take_flat=draw(st.integers(0, 5)),
            seconds=draw(st.integers(60, 900)),
            windows=draw(st.sampled_from([((0, 10**9),), ((3600, 9000),), ((0, 1800), (7200, 10800)), ()])),
        )
        for number in range(draw(st.integers(0, 14)))
    )
    houses = tuple(
        Warehouse(f"house {number}", draw(_PLACES), draw(st.integers(0, 40)))
        for number in range(draw(st.integers(0, 2)))
    )
    capacity = draw(st.integers(6, 20))
    charged = draw(st.integers(0, capacity))
    flat = draw(st.integers(0, capacity - charged))
    end = draw(st.sampled_from([3600, 4 * 3600, 10**9]))
    return Trip(draw(_PLACES), stops, houses, charged, flat, capacity, end)


@given(trips())
@settings(max_examples=50 * THOROUGH, deadline=None)
def test_a_route_can_be_driven_and_leaves_no_task_unsaid(trip: Trip) -> None:
    route, by_hand = plan(trip), plan(trip, plan_nearest_first)
    assert route.cost <= by_hand.cost
    tasks = {each.key: each for each in trip.stops}
    houses = {each.key: each for each in trip.warehouses}
    visited = [each.key for each in route.visits if each.kind == "stop"]
    assert sorted([*visited, *route.left_out]) == sorted(tasks)
    held, now = trip.charged + trip.flat, 0
    fetched = dict.fromkeys(houses, 0)
    for visit in route.visits:
        assert visit.arrives >= now
        now = visit.leaves
        assert visit.unload <= held + (visit.load if visit.kind == "stop" else 0)
        held += visit.load - visit.unload
        assert 0 <= held <= trip.capacity
        if visit.kind == "warehouse":
            fetched[visit.key] += visit.load
            continue
        task = tasks[visit.key]
        assert visit.unload + visit.missing == min(task.bring, trip.capacity)
        assert any(opens <= visit.arrives and visit.leaves <= closes for opens, closes in task.windows)
        assert visit.leaves <= trip.seconds
    if houses and trip.stops and visited:
        assert held == 0
        assert now - 600 <= trip.seconds


def test_a_few_tasks_are_driven_in_the_best_of_all_orders() -> None:
    """Nearest first runs to and fro: the stop on the other side is a little farther, and then very far."""
    trip = Trip(place(0), tuple(Stop(str(each), place(each)) for each in (-1.1, 1, -3.2, 6)))
    assert len(trip.stops) <= TRIED_IN_ALL_ORDERS
    assert keys(plan(trip, plan_nearest_first)) == ["1", "-1.1", "-3.2", "6"]
    assert keys(plan(trip)) == ["-1.1", "-3.2", "1", "6"]
    assert plan(trip).metres < plan(trip, plan_nearest_first).metres


def test_what_one_station_spares_is_brought_to_another() -> None:
    """No way leads by the warehouse, which is farther than both."""
    stops = (Stop("empty", place(1), bring=4), Stop("full", place(2), take_charged=4))
    route = plan(Trip(place(0), stops, (Warehouse("house", place(-5), 50),)))
    assert [(each.key, each.load, each.unload) for each in route.visits] == [("full", 4, 0), ("empty", 0, 4)]


def test_charged_banks_are_fetched_and_flat_ones_taken_back() -> None:
    stops = (Stop("weak", place(3), bring=3, take_flat=3), Stop("empty", place(4), bring=5))
    route = plan(Trip(place(0), stops, (Warehouse("house", place(1), 50),)))
    told = [(each.key, each.load, each.unload) for each in route.visits]
    assert told == [("house", 8, 0), ("weak", 3, 3), ("empty", 0, 5), ("house", 0, 3)]


def test_nobody_carries_more_than_they_can() -> None:
    stops = tuple(Stop(str(each), place(each), bring=6) for each in (1, 2, 3))
    route = plan(Trip(place(0), stops, (Warehouse("house", place(0.5), 50),), capacity=12))
    assert [each.load for each in route.visits if each.kind == "warehouse"] == [12, 6]
    assert not any(each.missing for each in route.visits)


def test_banks_that_nobody_has_are_missing_and_the_stop_is_driven_all_the_same() -> None:
    route = plan(Trip(place(0), (Stop("empty", place(1), bring=4),), charged=1))
    assert [(each.unload, each.missing) for each in route.visits] == [(1, 3)]
    small = plan(Trip(place(0), (Stop("empty", place(1), bring=4),), (Warehouse("house", place(0), 2),)))
    assert [(each.load, each.unload, each.missing) for each in small.visits] == [(2, 0, 0), (0, 2, 2)]


def test_a_closed_house_is_waited_for_or_left_out() -> None:
    opens_late, was_open = ((3600, 7200),), ((0, 60),)
    stops = (Stop("late", place(1), windows=opens_late), Stop("gone", place(2), windows=was_open))
    route = plan(Trip(place(0), stops))
    assert [(each.key, each.arrives) for each in route.visits] == [("late", 3600)]
    assert route.left_out == ("gone",)


def test_the_end_of_the_shift_leaves_out_what_weighs_least() -> None:
    """Half an hour is enough for one side of the town, and for the way back with what is in hand."""
    stops = (Stop("east", place(3), weight=1), Stop("west", place(-3), weight=5000))
    assert keys(plan(Trip(place(0), stops, seconds=1800))) == ["west"]
    with_banks = (Stop("east", place(3), take_flat=2),)
    house = (Warehouse("house", place(-3), 0),)
    assert plan(Trip(place(0), with_banks, house, seconds=1800)).left_out == ("east",)
    assert keys(plan(Trip(place(0), with_banks, house, seconds=3000))) == ["east", "house"]


def test_the_same_trip_gives_the_same_route() -> None:
    stops = tuple(Stop(str(n), place((n * 37) % 11 - 5, (n * 53) % 13 - 6)) for n in range(12))
    trip = Trip(place(0), stops)
    ways = measure_ways(trip.places)
    assert len({tuple(keys(plan_route(trip, ways, seconds=30))) for _ in range(2)}) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_and_one_task_are_routes_too(count: int) -> None:
    trip = Trip(place(0), tuple(Stop(str(n), place(1)) for n in range(count)))
    assert len(plan(trip).visits) == count
