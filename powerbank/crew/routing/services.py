"""Plan the way of a member of the crew through their tasks, and say at each place what to load and unload."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from powerbank.base.db import db
from powerbank.crew.members.models import Member
from powerbank.crew.routing.errands import read_trip
from powerbank.crew.routing.solving import plan_route
from powerbank.crew.routing.trips import Route, Visit
from powerbank.crew.routing.ways import find_ways
from powerbank.crew.tasks import queries
from powerbank.stations.availability.kept_slots import Place
from powerbank.stations.warehouses.queries import find_warehouse

Named = Mapping[str, Mapping[str, Any]]


def plan_for_member(member: Member, *, lat: float | None, lng: float | None, now: datetime) -> dict[str, Any]:
    """Plan the route of a member. No transaction stays open while roads are asked for and orders are tried."""
    member_id, place = member.id, Place(lat, lng) if lat is not None and lng is not None else None
    trip = read_trip(member, place=place, now=now)
    db.session.rollback()
    route = plan_route(trip, find_ways(trip.places))
    names = _name_places(member_id, route, now=now)
    items = [_show_visit(visit, names[visit.key], now=now) for visit in route.visits if visit.key in names]
    late = [_show_late(names[key]) for key in route.left_out if key in names]
    return {
        "start": {"lat": trip.start.lat, "lng": trip.start.lng} if trip.stops or place else None,
        "items": [*items, *late],
        "seconds": route.seconds,
        "distance_m": route.metres,
    }


def _name_places(member_id: UUID, route: Route, *, now: datetime) -> Named:
    """Name the places of a route by their keys. A task that ended meanwhile is none any more."""
    shown = queries.show_tasks(queries.list_held_tasks(member_id), now=now)
    named: dict[str, Mapping[str, Any]] = {
        str(task["id"]): {
            **task["station"],
            "task_id": task["id"],
            "task_kind": task["kind"],
            "task_status": task["status"],
            "station_sn": task["station_sn"],
            "warehouse_id": None,
        }
        for task in shown
    }
    for key in {visit.key for visit in route.visits if visit.kind == "warehouse"}:
        house = find_warehouse(UUID(key))
        named[key] = {
            **{name: getattr(house, name) for name in ("name", "address", "city", "lat", "lng")},
            **{"task_id": None, "task_kind": None, "task_status": None, "station_sn": None, "warehouse_id": house.id},
        }
    return named


def _show_visit(visit: Visit, named: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    return {
        **named,
        "kind": "task" if visit.kind == "stop" else "warehouse",
        "arrives_at": now + timedelta(seconds=visit.arrives),
        "leaves_at": now + timedelta(seconds=visit.leaves),
        "distance_m": visit.metres,
        "load": visit.load,
        "unload": visit.unload,
        "missing": visit.missing,
        "in_time": True,
    }


def _show_late(named: Mapping[str, Any]) -> dict[str, Any]:
    """Show a task that cannot be reached while its house is open and the shift lasts."""
    nothing = {"arrives_at": None, "leaves_at": None, "distance_m": None, "load": 0, "unload": 0, "missing": 0}
    return {**named, "kind": "task", **nothing, "in_time": False}
