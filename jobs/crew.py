"""The jobs of the crew: planning, what follows when a station changes, slots that open, and what runs out."""

from uuid import UUID

from jobs.batches import repeat_until_none
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import transaction, utcnow
from powerbank.content import app_config
from powerbank.crew import cleanup, leaving
from powerbank.crew.banks import openings
from powerbank.crew.members import locations
from powerbank.crew.shifts import services as shifts
from powerbank.crew.tasks import claims, planning, settling
from powerbank.stations.registry import queries as stations


def plan_crew_tasks() -> None:
    planning.plan_tasks(now=utcnow())


def plan_crew_station(
    *, station_id: str | None = None, station_sn: str | None = None, **_facts: str | int | bool | None
) -> None:
    """Plan the tasks of the station where something has just happened. Any event that names a station will do."""
    found = UUID(station_id) if station_id is not None else stations.find_station_id(station_sn or "")
    if found is not None:
        planning.plan_tasks([found], now=utcnow())


def settle_crew_tasks(*, station_id: str) -> None:
    settling.settle_station(UUID(station_id), now=utcnow())


def open_next_slot(*, station_id: str) -> None:
    openings.open_next(UUID(station_id), now=utcnow())


def follow_opening(*, command_id: str, status: str) -> None:
    openings.follow_command(UUID(command_id), status, now=utcnow())


def sweep_crew(run: StepwiseRun) -> None:
    """Give back claims that have run out, give up openings whose turn never came, and end forgotten shifts."""
    repeat_until_none(lambda: claims.expire_claims(now=utcnow()))
    repeat_until_none(lambda: openings.expire_openings(now=utcnow()))
    with transaction():
        forgotten = shifts.find_forgotten(now=utcnow(), hours=app_config.current().crew_shift_hours)
    for shift_id in forgotten:
        with transaction():
            leaving.end_forgotten_shift(shift_id, now=utcnow())


def reset_crew_breaks() -> None:
    shifts.split_breaks(now=utcnow())


def delete_old_crew_rows(run: StepwiseRun) -> None:
    repeat_until_none(lambda: locations.delete_old_places(now=utcnow()))
    repeat_until_none(lambda: cleanup.delete_old_events(now=utcnow()))
    repeat_until_none(lambda: cleanup.delete_old_prints(now=utcnow()))
