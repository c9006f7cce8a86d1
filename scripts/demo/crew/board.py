"""What lies before staff and the crew in the end: a task of each status, and counted shelves."""

import random
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.crew.members import locations
from powerbank.crew.shifts.queries import find_open_shift
from powerbank.crew.tasks import claims, planning, proofs, services
from powerbank.crew.tasks.models import Task
from powerbank.crew.tasks.proofs import Evidence
from powerbank.stations.custody.models import Custody, PowerBank
from powerbank.stations.issues import services as issues
from powerbank.stations.issues.models import IssueType
from powerbank.stations.registry.queries import find_station
from powerbank.stations.warehouses import queries as warehouse_queries
from powerbank.stations.warehouses import services as warehouses
from scripts.demo import past, people
from scripts.demo.cabinets import IN_TROUBLE
from scripts.demo.crew.members import BY, CHITWAN, CREW, POKHARA, Depot
from scripts.simulation.crew import take_photo

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
RAM, MAYA, BIKASH, NISHA, DIPAK = range(len(CREW))


def fill_board(now: datetime) -> None:
    """Leave a task of each status: what waits for a member, for the station, for staff, and what is over."""
    verified_and_rejected("NEP-001", "audit", CREW[RAM].find(), now=now - 26 * HOUR)
    to_verify("NEP-003", CREW[RAM].find(), note="The screen was full of dust.", in_a_hurry=False, now=now - 2 * HOUR)
    to_verify("NEP-005", CREW[MAYA].find(), note="Done.", in_a_hurry=True, now=now - HOUR)
    was_not_needed("NEP-002", now=now - 3 * HOUR)
    with past.play(now - 4 * HOUR):
        task = services.make_task(
            "NEP-008", kind="install", wants={}, note="A second counter at the gate.", by=BY, now=now - 4 * HOUR
        )
        reason = "The venue has no power there yet."
        services.cancel_task(task.id, reason=reason, by=BY, now=now - 3 * HOUR)
    with past.play(now - 20 * MINUTE):
        note = "The new holder for the counter is in the depot."
        task = services.make_task("NEP-004", kind="install", wants={}, note=note, by=BY, now=now - 20 * MINUTE)
        _assign(task.id, CREW[BIKASH].find(), now=now - 15 * MINUTE)
    with past.play(now - 30 * MINUTE):
        services.make_task(
            "NEP-010", kind="audit", wants={}, note="Count all power banks.", by=BY, now=now - 30 * MINUTE
        )


def go_on_with_trouble(now: datetime) -> None:
    """Let a member be on the way to the station that is in trouble, which people have reported as damaged."""
    station = find_station(IN_TROUBLE)
    with past.play(now - 12 * MINUTE):
        planning.plan_tasks([station.id], now=now - 12 * MINUTE)
        query = select(Task.id).where(Task.station_id == station.id, Task.kind == "audit", Task.status == "open")
        task_id, member_id = open_session().scalar(query), CREW[MAYA].find()
        if task_id is not None and member_id is not None:
            _assign(task_id, member_id, now=now - 10 * MINUTE)
            claims.begin_task(member_id, task_id, now=now - 8 * MINUTE)
    for hired in CREW:
        member_id = hired.find()
        if member_id is not None and find_open_shift(member_id) is not None:
            with past.play(now - MINUTE):
                at = hired.depot.at
                locations.note_place(member_id, lat=at.lat, lng=at.lng, accuracy=12, now=now - MINUTE)


def count_shelves(now: datetime) -> None:
    """Count both warehouses. In one of them a power bank is missing that should lie there."""
    for depot, days, missing in ((POKHARA, 6, 0), (CHITWAN, 5, 0), (CHITWAN, 1, 1)):
        count_shelf(depot, missing=missing, now=now - timedelta(days=days, hours=3))


def count_shelf(depot: Depot, *, missing: int, now: datetime) -> None:
    house = warehouses.lock_warehouse(depot.row.id)
    stock = select(PowerBank.serial).join(Custody, Custody.bank_id == PowerBank.id)
    serials = sorted(open_session().scalars(stock.where(warehouse_queries.stock_of(house))))
    with past.play(now):
        warehouses.count_warehouse(house, serials[missing:], by=BY, now=now)


def to_verify(sn: str, member_id: UUID | None, *, note: str, in_a_hurry: bool, now: datetime) -> UUID | None:
    """Have a member clean a station that somebody reported, and say so with a photo. Who is in a hurry gives doubts."""
    if member_id is None:
        return None
    station = find_station(sn)
    with past.play(now - HOUR):
        reporter = people.find_people()[9]
        issues.report_issue(
            user_id=reporter, sn=sn, issue_type=IssueType.DIRTY, description="It is dirty.", now=now - HOUR
        )
        planning.plan_tasks([station.id], now=now - HOUR)
    query = select(Task.id).where(Task.station_id == station.id, Task.kind == "clean", Task.status == "open")
    task_id = open_session().scalar(query)
    if task_id is None:
        return None
    with past.play(now):
        claims.claim_task(member_id, task_id, now=now - 15 * MINUTE)
        claims.begin_task(member_id, task_id, now=now - timedelta(seconds=14 if in_a_hurry else 420))
        photo = take_photo(random.Random(sn), station.name)  # noqa: S311 (nothing here is secret)
        evidence = Evidence(note=note) if in_a_hurry else Evidence(station.lat, station.lng, note, photo, [sn])
        proofs.complete_task(member_id, task_id, evidence, now=now)
    return task_id


def verified_and_rejected(sn: str, kind: str, member_id: UUID | None, *, now: datetime) -> None:
    """Have work verified and paid, and taken back once somebody has looked at the photo again."""
    if member_id is None:
        return
    station = find_station(sn)
    with past.play(now):
        task = services.make_task(sn, kind=kind, wants={}, note="Count all power banks.", by=BY, now=now)
        claims.claim_task(member_id, task.id, now=now)
        claims.begin_task(member_id, task.id, now=now + 9 * MINUTE)
        photo = take_photo(random.Random(kind), station.name)  # noqa: S311 (nothing here is secret)
        evidence = Evidence(station.lat, station.lng, "All there.", photo, [sn])
        proofs.complete_task(member_id, task.id, evidence, now=now + 20 * MINUTE)
        services.verify_task(task.id, reason=None, by=BY, now=now + 2 * HOUR)
    with past.play(now + 5 * HOUR):
        reason = "The photo shows another station."
        services.reject_task(task.id, reason=reason, by=BY, now=now + 5 * HOUR)


def was_not_needed(sn: str, *, now: datetime) -> None:
    """Have a report make a task whose cause is gone before anybody came."""
    station, reporter = find_station(sn), people.find_people()[7]
    with past.play(now):
        issue = issues.report_issue(
            user_id=reporter, sn=sn, issue_type=IssueType.DIRTY, description="Coffee on the screen.", now=now
        )
        planning.plan_tasks([station.id], now=now)
    with past.play(now + HOUR):
        issues.resolve_issue(issue.id, resolution="The venue has wiped it.", by=BY, now=now + HOUR)
        planning.plan_tasks([station.id], now=now + HOUR)


def _assign(task_id: UUID, member_id: UUID | None, *, now: datetime) -> None:
    if member_id is not None:
        services.assign(task_id, member_id=member_id, by=BY, reason=None, now=now)
