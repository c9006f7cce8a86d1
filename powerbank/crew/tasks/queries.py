"""Read the tasks of the crew."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from powerbank.api.paging import page
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.crew.earnings import queries as earnings
from powerbank.crew.earnings.pay import Plan
from powerbank.crew.members import queries as members
from powerbank.crew.members.models import Member
from powerbank.crew.tasks import priorities
from powerbank.crew.tasks.models import Task, TaskEvent
from powerbank.crew.tasks.states import HELD, KIND_OF_ISSUE, UNFINISHED, TaskStatus
from powerbank.stations.issues import photos
from powerbank.stations.issues.models import StationIssue
from powerbank.stations.models import Station
from powerbank.stations.registry.queries import find_station

MOST_NEAR = 100
# The most urgent first, and of those alike the nearest: a kilometre weighs as much as so many paisa an hour.
PAISA_PER_KM = 500
_NEAREST = text("""
    SELECT task.id, way.metres
      FROM crew_tasks AS task
      JOIN stations AS station ON station.id = task.station_id
     CROSS JOIN LATERAL (
           SELECT CASE WHEN CAST(:lat AS float8) IS NOT NULL THEN
                  12742000 * asin(sqrt(least(1, power(sin(radians(station.lat - CAST(:lat AS float8)) / 2), 2)
                  + cos(radians(CAST(:lat AS float8))) * cos(radians(station.lat))
                    * power(sin(radians(station.lng - CAST(:lng AS float8)) / 2), 2))))
                  END AS metres) AS way
     WHERE (task.status = 'open' OR (task.status = 'claimed' AND task.claimed_until <= :now))
       AND (cardinality(CAST(:zones AS text[])) = 0 OR lower(station.city) = ANY(CAST(:zones AS text[])))
     ORDER BY task.rank - coalesce(:per_km * way.metres / 1000, 0) DESC, task.id
     LIMIT :limit
""")


def find_task(task_id: UUID) -> Task:
    found = db.session.get(Task, task_id)
    if found is None:
        raise NotFoundError("task")
    return found


def lock_task(task_id: UUID) -> Task:
    """Lock a task until the end of the transaction."""
    task = open_session().get(Task, task_id, with_for_update={"of": Task}, populate_existing=True)
    if task is None:
        raise NotFoundError("task")
    return task


def list_held_tasks(member_id: UUID) -> list[Task]:
    """List the tasks that a member has claimed or begun."""
    query = select(Task).where(Task.claimed_by == member_id, Task.status.in_(HELD))
    return list(db.session.scalars(query.order_by(Task.rank.desc(), Task.id)))


def count_held_tasks(member_id: UUID) -> int:
    query = select(func.count()).select_from(Task).where(Task.claimed_by == member_id, Task.status.in_(HELD))
    return db.session.scalar(query) or 0


def is_in_zones(member: Member, station: Station) -> bool:
    """Tell whether a member works at a station: a zone is a city, and who has none works everywhere."""
    return not member.zones or station.city.strip().lower() in member.zones


def list_tasks(
    *,
    status: str | None,
    station_sn: str | None,
    kind: str | None,
    member_id: UUID | None,
    now: datetime,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """List a page of the tasks, newest first. Without a status: those that are not over."""
    query = select(Task)
    if station_sn is not None:
        query = query.where(Task.station_id == find_station(station_sn).id)
    if kind is not None:
        query = query.where(Task.kind == kind)
    if member_id is not None:
        query = query.where(Task.claimed_by == member_id)
    if status == "unfinished":
        query = query.where(Task.status.in_(UNFINISHED))
    elif status not in (None, "all"):
        query = query.where(Task.status == status)
    found = page(query, Task.id, descending=True, limit=limit, cursor=cursor)
    return found | {"items": show_tasks(found["items"], now=now)}


def list_urgent(*, statuses: Collection[str], now: datetime, most: int = 200) -> list[dict[str, Any]]:
    """List the most urgent tasks of these statuses that are not over, for a board."""
    query = select(Task).where(Task.status.in_(UNFINISHED), Task.status.in_(statuses))
    return show_tasks(list(db.session.scalars(query.order_by(Task.rank.desc(), Task.id.desc()).limit(most))), now=now)


def list_near(
    member: Member, *, lat: float | None, lng: float | None, limit: int, now: datetime
) -> list[dict[str, Any]]:
    """List the tasks that a member may claim, the most urgent and nearest first, with their pay and distance."""
    values = {"lat": lat, "lng": lng, "zones": list(member.zones), "now": now, "limit": limit, "per_km": PAISA_PER_KM}
    rows = db.session.execute(_NEAREST, values).all()
    metres = {row.id: row.metres for row in rows}
    found = {task.id: task for task in db.session.scalars(select(Task).where(Task.id.in_(metres)))}
    shown = show_tasks([found[row.id] for row in rows if row.id in found], now=now, plan=earnings.plan_of(member))
    for each in shown:
        each["distance_m"] = None if metres[each["id"]] is None else round(metres[each["id"]])
    return shown


def show_tasks(tasks: Sequence[Task], *, now: datetime, plan: Plan | None = None) -> list[dict[str, Any]]:
    """Show tasks with their pay: what was paid, or what the plan of whoever does it promises as it stands now."""
    paid = earnings.find_earned([task.id for task in tasks if task.status in (TaskStatus.DONE, TaskStatus.REJECTED)])
    held = {task.claimed_by for task in tasks if task.claimed_by is not None}
    people = list(db.session.scalars(select(Member).where(Member.id.in_(held)))) if held else []
    names, plans = members.find_names(held) if held else {}, earnings.plans_of(people) if people else {}
    usual = plan or earnings.standard_plan()
    shown = []
    for task in tasks:
        priority = priorities.priority_of(task, now=task.closed_at or now)
        of_whom = plan or (plans.get(task.claimed_by, usual) if task.claimed_by else usual)
        moved = task.brought + task.taken
        promised = of_whom.price_task(task.kind, banks=max(task.bring + task.take, moved), priority=priority).amount
        wants = {name: number for name, number in (("bring", task.bring), ("take", task.take)) if number}
        fields = (
            *("id", "kind", "status", "source", "claimed_by", "claimed_at", "claimed_until", "begun_at", "closed_at"),
            *("brought", "taken", "serials", "slots", "note", "proof", "reason", "created_at", "version", "station_sn"),
        )
        shown.append(
            {field: getattr(task, field) for field in fields}
            | {
                "wants": wants,
                "priority": round(priority / 100, 2),
                "pay": paid.get(task.id, 0 if task.status == TaskStatus.REJECTED else promised),
                "member_name": names.get(task.claimed_by) if task.claimed_by else None,
                "station": {
                    "sn": task.station.sn,
                    "name": task.station.name,
                    "address": task.station.address,
                    "city": task.station.city,
                    "lat": task.station.lat,
                    "lng": task.station.lng,
                },
            }
        )
    return shown


def show_task(task: Task, *, now: datetime, plan: Plan | None = None) -> dict[str, Any]:
    return show_tasks([task], now=now, plan=plan)[0]


def describe_task(task: Task, *, now: datetime) -> dict[str, Any]:
    """Describe a task to staff, with its history and the photos that prove it."""
    return show_task(task, now=now) | {
        "events": list_events(task.id),
        "photos": photos.list_photo_addresses([task.id]).get(task.id, []),
    }


def list_events(task_id: UUID) -> list[TaskEvent]:
    """List what happened to a task, oldest first."""
    query = select(TaskEvent).where(TaskEvent.task_id == task_id).order_by(TaskEvent.id)
    return list(db.session.scalars(query.limit(500)))


def list_issues_of(task: Task) -> list[UUID]:
    """List the open issues of the station that people reported and this task is about."""
    types = [issue for issue, kind in KIND_OF_ISSUE.items() if kind == task.kind]
    query = select(StationIssue.id).where(
        StationIssue.station_id == task.station_id,
        StationIssue.issue_type.in_(types),
        StationIssue.resolved_at.is_(None),
    )
    return list(db.session.scalars(query.order_by(StationIssue.id))) if types else []


def find_user_of(task: Task) -> UUID | None:
    """Find the person who has a task, or who did it."""
    return db.session.scalar(select(Member.user_id).where(Member.id == task.claimed_by))


def show_own_task(member: Member, task_id: UUID, *, now: datetime) -> dict[str, Any]:
    """Show a task to a member who may see it: one in their zones, or one that they had."""
    task = find_task(task_id)
    if task.claimed_by != member.id and not is_in_zones(member, task.station):
        raise NotFoundError("task")
    return show_task(task, now=now, plan=earnings.plan_of(member))
