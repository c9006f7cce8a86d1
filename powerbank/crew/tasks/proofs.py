"""Complete a task by hand: only what no station can prove, with a scan, a photo, a place and a time that can be.

What cannot be right is refused. What may be wrong is noted as a doubt, and staff verify all of it.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError
from powerbank.content import app_config
from powerbank.crew import errors
from powerbank.crew.members.models import Member
from powerbank.crew.members.queries import actor_of
from powerbank.crew.shifts.services import note_activity
from powerbank.crew.tasks import claims, prints, queries, settling
from powerbank.crew.tasks.history import note_event
from powerbank.crew.tasks.models import Task
from powerbank.crew.tasks.services import finish_task
from powerbank.crew.tasks.states import ABOUT_BANKS, BY_HAND, TaskKind, TaskStatus
from powerbank.stations.issues import photos
from powerbank.stations.models import Slot, Station

EARTH_METRES = 6_371_000
SHORTEST_SECONDS = 30  # from the claim to the proof: nothing of the kind is done sooner
FASTEST_METRES_A_SECOND = 35  # some 125 km/h, from one station to the next


@dataclass(frozen=True)
class Evidence:
    """What a member sends to prove that something was done. The photo was made anew before."""

    lat: float | None = None
    lng: float | None = None
    note: str | None = None
    photo: bytes | None = None
    scanned: list[str] = field(default_factory=list)


def complete_task(member_id: UUID, task_id: UUID, evidence: Evidence, *, now: datetime) -> Task:
    """Complete a task. What the station can tell is done when it says so; a repeat finds the task as it left it."""
    known = queries.find_task(task_id)
    if known.claimed_by == member_id and known.status in (TaskStatus.TO_VERIFY, TaskStatus.DONE):
        return known
    claims.lock_own_task(member_id, task_id, now=now)
    note_activity(member_id, now=now)
    settling.settle_station(known.station_id, now=now)
    task = queries.lock_task(task_id)
    if task.status in (TaskStatus.DONE, TaskStatus.NOT_NEEDED):
        return task
    if task.kind in ABOUT_BANKS and task.brought + task.taken and settling.is_cause_gone(task, now=now):
        finish_task(task, by=actor_of(member_id), event="done", now=now)
        return task
    if not _is_by_hand(task):
        raise errors.not_shown_by_station(
            wants={"bring": task.bring, "take": task.take}, brought=task.brought, taken=task.taken
        )
    proof = _examine(task, evidence, now=now)
    if evidence.photo is not None:
        _keep_photo(task, evidence.photo, member_id=member_id, now=now)
    task.status, task.claimed_until, task.proof = TaskStatus.TO_VERIFY, None, proof
    note_event(task, "completed", by=actor_of(member_id), now=now, member_id=member_id, detail=proof)
    return task


def _is_by_hand(task: Task) -> bool:
    """Tell whether no station can say that this is done: by its kind, or because this station says nothing now."""
    if task.kind in BY_HAND or task.kind == TaskKind.MISSING_BANK:
        return True
    if task.kind == TaskKind.OFFLINE:
        return False
    is_silent = not task.station.live.online
    if task.kind == TaskKind.SLOT_FAULT:
        return is_silent or not task.slots
    return is_silent or not (task.bring or task.take or task.serials)


def _examine(task: Task, evidence: Evidence, *, now: datetime) -> dict[str, Any]:
    """Refuse what cannot be, and note what may be wrong."""
    station, doubts = task.station, []
    distance = None
    if evidence.lat is None or evidence.lng is None:
        doubts.append("no_place")
    else:
        distance = round(metres_between(evidence.lat, evidence.lng, station.lat, station.lng))
        most = app_config.current().crew_place_metres
        if distance > most:
            raise ConflictError(
                "too_far", f"You are {distance} metres from this station.", distance_m=distance, most_m=most
            )
    scans = [_read_scan(each) for each in evidence.scanned]
    if not scans and evidence.photo is None:
        doubts.append("no_scan_and_no_photo")
    elif scans and station.sn not in scans and not _shown_serials(station).intersection(scans):
        doubts.append("scanned_elsewhere")
    began = task.begun_at or task.claimed_at or task.created_at
    seconds = int((now - began).total_seconds())
    if seconds < SHORTEST_SECONDS:
        doubts.append("too_fast")
    if _came_too_fast(task, now=now):
        doubts.append("came_too_fast")
    proof = {
        "lat": evidence.lat,
        "lng": evidence.lng,
        "distance_m": distance,
        "note": evidence.note,
        "scanned": scans,
        "photos": int(evidence.photo is not None),
        "seconds": seconds,
        "doubts": doubts,
    }
    if task.kind == TaskKind.AUDIT:
        shown = _shown_serials(station)
        counted = set(scans) - {station.sn}
        proof |= {"not_scanned": sorted(shown - counted), "not_shown": sorted(counted - shown)}
    return proof


def _keep_photo(task: Task, photo: bytes, *, member_id: UUID, now: datetime) -> None:
    print_ = prints.print_of(photo)
    if prints.find_seen(print_, task_id=task.id) is not None:
        raise ConflictError("photo_seen_before", "This photo was sent for another task before. Take a new one.")
    prints.keep_print(print_, task_id=task.id, member_id=member_id)
    user_id = open_session().get_one(Member, member_id).user_id
    photos.save_photo(photo, subject_id=task.id, user_id=user_id, now=now)


def _came_too_fast(task: Task, *, now: datetime) -> bool:
    """Tell whether nobody could have come here since the member's last proof elsewhere."""
    last = open_session().scalar(
        select(Task)
        .where(
            Task.claimed_by == task.claimed_by,
            Task.id != task.id,
            Task.status.in_((TaskStatus.TO_VERIFY, TaskStatus.DONE)),
            Task.begun_at.is_not(None),
        )
        .order_by(Task.id.desc())
        .limit(1)
    )
    if last is None:
        return False
    ended = last.closed_at or last.begun_at or last.created_at
    metres = metres_between(last.station.lat, last.station.lng, task.station.lat, task.station.lng)
    return metres > FASTEST_METRES_A_SECOND * max((now - ended).total_seconds(), 1) + 200


def _shown_serials(station: Station) -> set[str]:
    query = select(Slot.bank_serial).where(Slot.station_id == station.id, Slot.bank_serial.is_not(None))
    return {serial for serial in open_session().scalars(query) if serial is not None}


def _read_scan(scanned: str) -> str:
    """Read what was scanned: the code on a station is an address that ends with its number."""
    return scanned.strip().rstrip("/").rsplit("/", 1)[-1]


def metres_between(lat: float, lng: float, other_lat: float, other_lng: float) -> float:
    """Measure the way between two points, as the crow flies."""
    first, second = math.radians(lat), math.radians(other_lat)
    half = math.sin((second - first) / 2) ** 2
    half += math.cos(first) * math.cos(second) * math.sin(math.radians(other_lng - lng) / 2) ** 2
    return 2 * EARTH_METRES * math.asin(min(1.0, math.sqrt(half)))
