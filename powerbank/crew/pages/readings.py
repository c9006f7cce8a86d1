"""What the crew's pages show that no route of the API gives at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from powerbank.crew.banks import queries as banks
from powerbank.crew.members.models import Member
from powerbank.crew.tasks import queries
from powerbank.crew.tasks.states import ABOUT_BANKS, HELD, TaskKind
from powerbank.stations.registry.opening_hours import describe_today, is_open
from powerbank.stations.registry.queries import find_station, list_slots

# The station itself says when these are done, so nothing is pressed for them.
SAID_BY_STATION = {*ABOUT_BANKS, TaskKind.OFFLINE, TaskKind.SLOT_FAULT}


def describe_task(member: Member, task_id: UUID, *, now: datetime) -> dict[str, Any]:
    """Describe a task with its station's slots, and what is opening there for the member."""
    task = queries.show_own_task(member, task_id, now=now)
    station = find_station(task["station_sn"])
    live = station.live
    slots = list_slots(station.id)
    under_way = {each.serial: each for each in banks.list_openings(member.id) if each.station_id == station.id}
    return {
        "task": task,
        "is_mine": task["claimed_by"] == member.id and task["status"] in HELD,
        "is_said_by_station": TaskKind(task["kind"]) in SAID_BY_STATION,
        "station": station,
        "live": live,
        "slots": slots,
        "suggested": suggest_banks(task, slots),
        "openings": under_way,
        "under_way": [each for each in under_way.values() if each.finished_at is None],
        "held": banks.list_banks_in_hand(member.id),
        "is_open": is_open(live.hours, live.timezone, now),
        "hours": describe_today(live.hours, live.timezone, now),
    }


def suggest_banks(task: Mapping[str, Any], slots: Any) -> set[str]:
    """Suggest the banks to take: those that the task names, else as many as it wants, those with least charge first."""
    there = [slot for slot in slots if slot.bank_serial is not None]
    named = {slot.bank_serial for slot in there if slot.bank_serial in task["serials"]}
    if named:
        return named
    least = sorted(there, key=lambda slot: (slot.charge or 0, slot.number))
    return {slot.bank_serial for slot in least[: max(task["wants"].get("take", 0) - task["taken"], 0)]}


def read_place(given: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Read where somebody is, if the browser says so. What is no place is none."""
    try:
        lat, lng = float(given.get("lat", "")), float(given.get("lng", ""))
    except ValueError:
        return None, None
    return (lat, lng) if abs(lat) <= 90 and abs(lng) <= 180 else (None, None)
