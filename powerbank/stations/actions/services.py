"""What staff do to many stations at once: maintenance, a command, or firmware, as an operation that a job carries out.

The stations are chosen when the operation is accepted. A command that goes to many may harm many, so an operation may
go slowly, so many stations a minute, and then ends by itself when too many of its commands have failed.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, cast
from uuid import UUID

from sqlalchemy import cast as sql_cast
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.outbox import operation_items, operations
from powerbank.outbox.catalogue import station_jobs
from powerbank.outbox.operation_items import Outcome
from powerbank.outbox.operations import Operation
from powerbank.stations.actions import queries as action_queries
from powerbank.stations.availability import live_rows
from powerbank.stations.commands import encoding, staff_commands
from powerbank.stations.commands.maintenance import switch_stations
from powerbank.stations.commands.models import CommandName
from powerbank.stations.models import Station
from powerbank.stations.registry import queries
from powerbank.stations.registry.filters import StationFilter

BATCH_SIZE = 50


class StationAction(StrEnum):
    MAINTENANCE_ON = "maintenance_on"
    MAINTENANCE_OFF = "maintenance_off"
    GET_STATUS = "get_status"
    REBOOT = "reboot"
    UPDATE_FIRMWARE = "update_firmware"


def request_action(
    *,
    action: str,
    parameters: dict[str, Any],
    reason: str,
    sns: list[str] | None,
    stations: StationFilter,
    count: int | None,
    per_minute: int | None,
    most_failures: int | None,
    staff_id: UUID,
    now: datetime,
) -> Operation:
    """Accept an action on the stations with these numbers, or on all that match the filter if none are given.

    `count` is how many stations staff saw. Where more match by now it is refused: nobody acts on what he has not seen.
    """
    request = {
        "action": StationAction(action),
        "parameters": parameters,
        "reason": reason,
        "sns": sns,
        "filter": None if sns is not None else vars(stations),
        "per_minute": per_minute,
        "most_failures": most_failures,
    }
    operation = operations.accept(station_jobs.ACT_ON_STATIONS, staff_id=staff_id, request=request, now=now)
    if sns is not None:
        meant = select(func.unnest(sql_cast(sorted(set(sns)), ARRAY(Text))))
    else:
        meant = stations.select_stations().with_only_columns(Station.sn)
    total = operation_items.choose_items(operation, meant)
    if sns is None and count is not None and total > count:
        raise ConflictError("more_match_now", "More stations match by now than you saw. Look at their number again.")
    operation_items.record_for_asker(
        operation, "stations.act_on_many", "operation", operation.id, what=action, parameters=parameters, total=total
    )
    return operation


def find_pace(operation_id: UUID) -> int | None:
    """Find how many stations a minute an operation may reach. None: as fast as it can, or it has ended."""
    operation = operations.lock_pending_operation(operation_id)
    pace: int | None = operation.request["per_minute"] if operation is not None else None
    return pace


def act_on_next_stations(operation_id: UUID, *, now: datetime, most: int = BATCH_SIZE) -> bool:
    """Act on the next stations of an operation. False: none is left, or it was stopped."""
    with live_rows.delay_refresh():  # their live rows are locked in one order, whatever the order of their numbers
        return operation_items.work_on_next_together(operation_id, partial(_act, now=now), most=most)


def act_within_minute(operation_id: UUID, *, now: datetime) -> None:
    """Act on as many stations as an operation may reach in a minute, and have the next ones follow after it."""
    operation = operations.lock_pending_operation(operation_id)
    if operation is None:
        return
    limit = operation.request["most_failures"]
    if limit is not None and (failed := action_queries.count_failures(operation_id)) >= limit:
        operations.fail(
            operation, "too_many_failures", f"{failed} commands failed, so the others were not sent.", now=now
        )
        return
    act_on_next_stations(operation_id, now=now, most=operation.request["per_minute"])
    operation_items.go_on_after_pause(operation, station_jobs.ACT_ON_STATIONS, now=now)


def _act(operation: Operation, sns: Sequence[str], *, now: datetime) -> dict[str, Outcome]:
    action = StationAction(operation.request["action"])
    act = _switch if action in (StationAction.MAINTENANCE_ON, StationAction.MAINTENANCE_OFF) else _command
    made = act(operation, sns, action, now=now)
    return {sn: made[sn] if sn in made else NotFoundError("station") for sn in sns}


def _switch(operation: Operation, sns: Sequence[str], action: StationAction, *, now: datetime) -> dict[str, Outcome]:
    enable, by = action is StationAction.MAINTENANCE_ON, cast(UUID, operation.staff_id)
    made: dict[str, Outcome] = {}
    for station, old, command_id in switch_stations(sns, enable=enable, staff_id=by, now=now):
        made[station.sn] = command_id
        operation_items.record_for_asker(
            operation, "stations.maintenance", "station", station.sn, before=old["maintenance"], enable=enable
        )
    return made


def _command(operation: Operation, sns: Sequence[str], action: StationAction, *, now: datetime) -> dict[str, Outcome]:
    command, parameters = CommandName(action.value), operation.request["parameters"]
    stations = queries.find_stations(sns)
    able = [station for station in stations if encoding.is_command_supported(station, command)]
    made: dict[str, Outcome] = {station.sn: staff_commands.unsupported_error(station) for station in stations}
    sent = staff_commands.request_commands_by_staff(
        able, command=command, parameters=parameters, staff_id=cast(UUID, operation.staff_id), now=now
    )
    for sn, command_id in sent.items():
        operation_items.record_for_asker(
            operation, "stations.command", "station", sn, command=action, command_id=str(command_id)
        )
    return made | sent
