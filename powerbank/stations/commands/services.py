"""Commands to stations: asked for, sent once, answered or overdue.

A command is noted as sent before it goes out. Whoever falls in between leaves a command that was never sent and
waits for its deadline; nobody ever sends it a second time, for a second ejection hands out a second power bank.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.audit import staff_actor
from powerbank.base.db import after_commit, db, new_id, open_session
from powerbank.base.errors import ConflictError, InvalidFieldsError
from powerbank.content import app_config
from powerbank.integrations.mqtt.publisher import Publisher
from powerbank.outbox.catalogue import station_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.stations.commands import encoding
from powerbank.stations.commands.models import OPEN, TRANSITIONS, CommandName, CommandStatus, StationCommand
from powerbank.stations.events import StationCommandSettled
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.models import Station
from powerbank.stations.protocols.commands import Outgoing, Unsupported

SYSTEM = "system"
SNAPSHOT_SECONDS = 30  # that a station has for the snapshot which tells what became of an ejection
DEADLINES = {CommandName.UPDATE_FIRMWARE: 900, CommandName.REBOOT: 180}  # seconds
USUAL_DEADLINE = 60
RECEIPT_SECONDS = 1.0  # that the broker has while others wait behind this command
_NOTED_AS_SENT = {"status": CommandStatus.SENT, "attempts": 1}


def request_command(
    *,
    station_id: UUID,
    command: str,
    parameters: dict[str, Any],
    requested_by: str,
    now: datetime,
    deadline_seconds: int | None = None,
    rental_id: UUID | None = None,
    send_at: datetime | None = None,
    through: Publisher | None = None,
) -> StationCommand:
    """Asks for a command. One that ejects is refused while another is open at that station.

    It goes out by a job, or `through` an open connection right after the commit, where somebody stands and waits.
    """
    name = CommandName(command)
    starts = max(now, send_at or now)
    deadline = starts + timedelta(seconds=deadline_seconds or _deadline_seconds(name))
    command_id = new_id()
    row = {
        "id": command_id,
        "station_id": station_id,
        "command": name,
        "parameters": parameters,
        "serial": parameters.get("powerbank_sn"),
        "slot_number": parameters.get("slot_number"),
        "rental_id": rental_id,
        "requested_by": requested_by,
        "created_at": now,
        "deadline": deadline,
    }
    if through is not None:
        row |= _NOTED_AS_SENT | {"sent_at": now}
    made = insert(StationCommand).values(row)
    if name is CommandName.EJECT:
        if row["serial"] is None or row["slot_number"] is None:
            raise InvalidFieldsError({}, detail="Which slot is to eject which power bank?")
        made = made.on_conflict_do_nothing(
            index_elements=["station_id"],
            index_where=(StationCommand.command == CommandName.EJECT.value) & StationCommand.status.in_(OPEN),
        )
    asked: StationCommand | None = open_session().scalar(made.returning(StationCommand))
    if asked is None:
        raise ConflictError("station_busy", "The station is handing out another power bank.")
    if through is None:
        is_question = name is CommandName.GET_STATUS
        job = station_jobs.REQUEST_STATION_SNAPSHOT if is_question else station_jobs.SEND_STATION_COMMAND
        enqueue(job, at=send_at, expires_at=deadline, command_id=str(command_id))
    elif (outgoing := _encode_or_refuse(asked, now=now)) is not None:
        _send_after_commit(outgoing, through)
    enqueue(station_jobs.CHECK_STATION_COMMAND, at=deadline, command_id=str(command_id))
    return asked


def request_command_by_staff(
    station: Station, *, command: str, parameters: dict[str, Any], staff_id: UUID, now: datetime
) -> StationCommand:
    """Refused at once where the station's protocol has no such command."""
    if not encoding.is_command_supported(station, CommandName(command)):
        raise ConflictError("command_unsupported", f"Stations of {station.protocol} have no such command.")
    return request_command(
        station_id=station.id, command=command, parameters=parameters, requested_by=staff_actor(staff_id), now=now
    )


def request_snapshot(station_id: UUID, *, now: datetime, at: datetime | None = None) -> None:
    """Asks for a snapshot, unless one is asked for already and not yet on its way."""
    waiting = open_session().scalar(
        select(StationCommand.id).where(
            StationCommand.station_id == station_id,
            StationCommand.command == CommandName.GET_STATUS,
            StationCommand.status == CommandStatus.QUEUED,
            StationCommand.deadline > now,
        )
    )
    if waiting is None or at is not None:
        request_command(
            station_id=station_id,
            command=CommandName.GET_STATUS,
            parameters={},
            requested_by=SYSTEM,
            now=now,
            send_at=at,
            deadline_seconds=SNAPSHOT_SECONDS,
        )


def is_command_due(command_id: UUID, *, now: datetime) -> bool:
    """Whether there is anything to send, asked before a connection is made."""
    command = db.session.get(StationCommand, command_id)
    return command is not None and command.status == CommandStatus.QUEUED and command.deadline > now


def claim_command(command_id: UUID, *, now: datetime) -> Outgoing | None:
    """Notes that the command goes out now, and gives its message; None if there is nothing to send.

    Only the first who asks gets it.
    """
    claimed = open_session().scalar(
        update(StationCommand)
        .where(
            StationCommand.id == command_id,
            StationCommand.status == CommandStatus.QUEUED,
            StationCommand.deadline > now,
        )
        .values(status=CommandStatus.SENT, sent_at=now, attempts=StationCommand.attempts + 1)
        .returning(StationCommand)
        .execution_options(populate_existing=True)
    )
    return None if claimed is None else _encode_or_refuse(claimed, now=now)


def _encode_or_refuse(command: StationCommand, *, now: datetime) -> Outgoing | None:
    """Of a command that is noted as sent; refused at once where the station's protocol has no such words."""
    outgoing = encoding.encode_command(command)
    if isinstance(outgoing, Unsupported):
        settle_command(command, CommandStatus.FAILED, {"proof": "refused", "error": outgoing.reason}, now=now)
        return None
    return outgoing


def _send_after_commit(outgoing: Outgoing, through: Publisher) -> None:
    """One that is lost on the way is a command without an answer, and its deadline finds that out."""
    message = outgoing.message

    def send() -> None:
        through.send(message.topic, message.payload, qos=message.qos, wait=RECEIPT_SECONDS)

    after_commit(send)


def settle_command(command: StationCommand, status: CommandStatus, response: dict[str, Any], *, now: datetime) -> bool:
    """Writes what became of it, and tells whoever waits. False if that was known, or cannot follow any more."""
    before = [old for old, following in TRANSITIONS.items() if status in following]
    session = open_session()
    known = (command.response or {}) | response
    changed = session.scalar(
        update(StationCommand)
        .where(StationCommand.id == command.id, StationCommand.status.in_(before))
        .values(status=status, finished_at=now, response=known)
        .returning(StationCommand)
        .execution_options(populate_existing=True)
    )
    if changed is None:
        session.refresh(command)
        return False
    # Nobody waits for the snapshots that this service asks for by itself.
    if command.requested_by != SYSTEM:
        publish(StationCommandSettled(command_id=command.id, status=status.value))
    return True


def acknowledge_command(command: StationCommand, response: dict[str, Any]) -> None:
    """An answer came that proves nothing."""
    session = open_session()
    session.execute(
        update(StationCommand)
        .where(StationCommand.id == command.id, StationCommand.status.in_(OPEN))
        .values(status=CommandStatus.ACKNOWLEDGED, response=response)
    )
    session.refresh(command)


def request_outcome_snapshot(command: StationCommand, *, now: datetime, at: datetime | None = None) -> None:
    """An ejection of which nobody knows what became of it: the next snapshot tells, or nobody will."""
    session = open_session()
    command.looked_at = at or now
    session.flush()
    request_snapshot(command.station_id, now=now, at=at)
    enqueue(
        station_jobs.CHECK_STATION_COMMAND,
        at=command.looked_at + timedelta(seconds=SNAPSHOT_SECONDS),
        command_id=str(command.id),
    )


def check_overdue_command(command_id: UUID, *, now: datetime) -> None:
    """Its deadline, or the time for its snapshot, has passed."""
    session = open_session()
    station_id = session.scalar(
        select(StationCommand.station_id).where(StationCommand.id == command_id, StationCommand.finished_at.is_(None))
    )
    if station_id is None:
        return  # settled, as nearly all are
    state = message_queries.lock(station_id)
    command = session.get_one(StationCommand, command_id, populate_existing=True)
    if not command.is_open or now < command.deadline - timedelta(seconds=1):
        return
    state.contents = None  # the next snapshot is looked at closely
    if command.status == CommandStatus.QUEUED:
        settle_command(command, CommandStatus.EXPIRED, {"error": "not_sent"}, now=now)
    elif not command.is_eject:
        settle_command(command, CommandStatus.UNKNOWN, {"error": "no_answer"}, now=now)
    elif command.looked_at is None:
        request_outcome_snapshot(command, now=now)
    elif now >= command.looked_at + timedelta(seconds=SNAPSHOT_SECONDS - 1):
        settle_command(command, CommandStatus.UNKNOWN, {"error": "no_snapshot"}, now=now)


def _deadline_seconds(name: CommandName) -> int:
    if name is CommandName.EJECT:
        return app_config.current().eject_timeout_seconds
    return DEADLINES.get(name, USUAL_DEADLINE)
