"""Read what a member has before them as a trip: tasks, what is in hand, the warehouses, and the time that is left."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base.db import db, first_id_of
from powerbank.content import app_config
from powerbank.crew.banks import queries as banks
from powerbank.crew.members.models import Member, MemberPlace
from powerbank.crew.routing.trips import Stop, Trip, Warehouse, Window
from powerbank.crew.shifts.models import Shift
from powerbank.crew.shifts.queries import find_open_shift
from powerbank.crew.tasks import priorities, queries
from powerbank.crew.tasks.models import Task
from powerbank.crew.tasks.states import TaskKind
from powerbank.stations.availability.kept_slots import Place
from powerbank.stations.registry.opening_hours import list_openings
from powerbank.stations.warehouses import models as warehouses
from powerbank.stations.warehouses import queries as warehouse_queries

MOST_WAREHOUSES = 5  # those nearest to the member
MOST_TASKS = 60
# How long the work at a station takes, apart from each bank that goes in or out.
MINUTES = {TaskKind.OFFLINE: 15, TaskKind.SLOT_FAULT: 15, TaskKind.INSTALL: 40, TaskKind.CLEAN: 15, TaskKind.AUDIT: 20}
USUAL_MINUTES = 4
SECONDS_A_BANK = 30
BELONG_INTO_A_WAREHOUSE = (TaskKind.LOW_CHARGE, TaskKind.BANK_FAULT)
MOST_HOURS = 24  # ahead for which opening hours are read


def read_trip(member: Member, *, place: Place | None, now: datetime) -> Trip:
    """Read the trip of a member from where they are; if nobody knows that, from their first station."""
    tasks = queries.list_held_tasks(member.id)[:MOST_TASKS]
    shift = find_open_shift(member.id)
    start = place or _find_last_place(shift) or _place_of_first(tasks)
    seconds = _seconds_left(shift, now)
    held = banks.list_banks_in_hand(member.id)
    flat = len(_find_flat(member.id, shift).intersection(held))
    return Trip(
        start=start,
        stops=tuple(_make_stop(task, now=now, seconds=seconds) for task in tasks),
        warehouses=_list_warehouses(start),
        charged=len(held) - flat,
        flat=flat,
        capacity=max(app_config.current().crew_bag_banks, len(held)),
        seconds=seconds,
    )


def _make_stop(task: Task, *, now: datetime, seconds: int) -> Stop:
    bring, take = max(task.bring - task.brought, 0), max(task.take - task.taken, 0)
    if task.kind == TaskKind.BANK_FAULT:
        take = max(take, len(task.serials) - task.taken)
    is_flat = task.kind in BELONG_INTO_A_WAREHOUSE
    return Stop(
        key=str(task.id),
        place=Place(task.station.lat, task.station.lng),
        bring=bring,
        take_charged=0 if is_flat else take,
        take_flat=take if is_flat else 0,
        seconds=MINUTES.get(TaskKind(task.kind), USUAL_MINUTES) * 60 + SECONDS_A_BANK * (bring + take),
        windows=_find_windows(task, now=now, seconds=seconds),
        weight=priorities.priority_of(task, now=now),
    )


def _find_windows(task: Task, *, now: datetime, seconds: int) -> tuple[Window, ...]:
    live = task.station.live
    until = now + timedelta(seconds=min(seconds, MOST_HOURS * 3600))
    opened = list_openings(live.hours, live.timezone, now, until)
    return tuple((int((begin - now).total_seconds()), int((end - now).total_seconds())) for begin, end in opened)


def _seconds_left(shift: Shift | None, now: datetime) -> int:
    """Count the seconds until the shift ends by itself. Without a shift there is a whole one."""
    whole = timedelta(hours=app_config.current().crew_shift_hours)
    ends = (shift.started_at if shift else now) + whole
    return max(int((ends - now).total_seconds()), 0)


def _find_last_place(shift: Shift | None) -> Place | None:
    """Find where the member was last in this shift, if they share it."""
    if shift is None:
        return None
    query = select(MemberPlace.lat, MemberPlace.lng).where(MemberPlace.member_id == shift.member_id)
    query = query.where(MemberPlace.shift_id == shift.id, MemberPlace.id >= first_id_of(shift.started_at))
    row = db.session.execute(query.order_by(MemberPlace.id.desc()).limit(1)).one_or_none()
    return Place(row.lat, row.lng) if row else None


def _place_of_first(tasks: Sequence[Task]) -> Place:
    return Place(tasks[0].station.lat, tasks[0].station.lng) if tasks else Place(0, 0)


def _find_flat(member_id: UUID, shift: Shift | None) -> set[str]:
    """Find which banks this shift's tasks were about because they are flat or faulty."""
    query = select(func.unnest(Task.serials)).where(
        Task.claimed_by == member_id, Task.kind.in_(BELONG_INTO_A_WAREHOUSE)
    )
    if shift is not None:
        query = query.where(Task.claimed_at >= shift.started_at)
    return set(db.session.scalars(query))


def _list_warehouses(start: Place) -> tuple[Warehouse, ...]:
    rows = db.session.scalars(select(warehouses.Warehouse).where(warehouses.Warehouse.active)).all()
    counts = warehouse_queries.count_stock(rows) if rows else {}
    found = [
        Warehouse(str(row.id), Place(row.lat, row.lng), counts[row.id]["stock"])
        for row in rows
        if row.lat is not None and row.lng is not None
    ]
    return tuple(sorted(found, key=lambda each: start.distance_to(each.place))[:MOST_WAREHOUSES])
