"""Request commands to stations, send each of them once, and settle them.

A command is noted as sent before it goes out. A process that dies in between leaves a command that was never sent, and
its deadline settles it. No command is ever sent a second time, since a second ejection hands out a second power bank.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, exists, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base import tracing
from powerbank.base.db import after_commit, db, new_id, open_session
from powerbank.base.errors import ConflictError, InvalidFieldsError
from powerbank.base.tracing import Kind
from powerbank.content import app_config
from powerbank.integrations.mqtt.publisher import Publisher
from powerbank.outbox.catalogue import station_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.outbox.policy import JobSpec
from powerbank.stations.commands import encoding
from powerbank.stations.commands.models import OPEN, TRANSITIONS, CommandName, CommandStatus, StationCommand
from powerbank.stations.events import CrewEjectionSettled, StationCommandSettled
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.messages.models import StationState
from powerbank.stations.models import Station, StationLive
from powerbank.stations.protocols import PROTOCOLS
from powerbank.stations.protocols.commands import EncodedCommand, Unsupported

SYSTEM = "system"
CREW = "crew:"  # so begins the name of a member of the crew who asks for something
SNAPSHOT_SECONDS = 30  # in which a station sends the snapshot that tells what became of an ejection
DEADLINES = {CommandName.UPDATE_FIRMWARE: 900, CommandName.REBOOT: 180}  # seconds
USUAL_DEADLINE = 60
RECEIPT_SECONDS = 1.0  # in which the broker takes a command that others wait behind
# After the start of a daemon so many stations are asked for a snapshot, with this time between two of them. The others
# are heard with their heartbeats.
MOST_MISSING_SNAPSHOTS, MISSING_SNAPSHOT_INTERVAL = 100, timedelta(milliseconds=100)
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
    """Request a command. An ejection is refused while another one is open at the station.

    A job sends the command. Where somebody stands at the station and waits, it goes `through` a connection that is open
    already, right after the commit.
    """
    name = CommandName(command)
    starts = max(now, send_at or now)
    deadline = starts + timedelta(seconds=deadline_seconds or find_deadline_seconds(name))
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
    with tracing.span(f"command {name.value}", Kind.PRODUCER):
        row |= tracing.carried()
    made = insert(StationCommand).values(row)
    if name is CommandName.EJECT:
        if row["serial"] is None or row["slot_number"] is None:
            raise InvalidFieldsError({}, detail="Which slot is to eject which power bank?")
        made = made.on_conflict_do_nothing(
            index_elements=["station_id"],
            index_where=(StationCommand.command == CommandName.EJECT.value) & StationCommand.status.in_(OPEN),
        )
    requested: StationCommand | None = open_session().scalar(made.returning(StationCommand))
    if requested is None:
        raise ConflictError("station_busy", "The station is handing out another power bank.")
    if through is None:
        enqueue(sending_job(name), at=send_at, expires_at=deadline, command_id=str(command_id))
    elif (encoded := _encode_or_refuse(requested, now=now)) is not None:
        _send_after_commit(encoded, through)
    enqueue(station_jobs.CHECK_STATION_COMMAND, at=deadline, command_id=str(command_id))
    return requested


def sending_job(command: CommandName) -> JobSpec:
    """Find the job that sends a command."""
    is_question = command is CommandName.GET_STATUS
    return station_jobs.REQUEST_STATION_SNAPSHOT if is_question else station_jobs.SEND_STATION_COMMAND


def request_snapshot(station_id: UUID, *, now: datetime, at: datetime | None = None) -> None:
    """Request a snapshot, unless a request for one waits to be sent already."""
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


# A boot that the station kept from before it was told to reboot is not the answer, so the newest one is noted.
_BOOT_ID_BEFORE = case(
    (
        StationCommand.command == CommandName.REBOOT,
        select(StationState.boot_id).where(StationState.station_id == StationCommand.station_id).scalar_subquery(),
    )
)


def is_command_due(command_id: UUID, *, now: datetime) -> bool:
    """Tell whether the command is still to be sent. This is asked before a connection to the broker is made."""
    command = db.session.get(StationCommand, command_id)
    return command is not None and command.status == CommandStatus.QUEUED and command.deadline > now


def claim_command(command_id: UUID, *, now: datetime) -> EncodedCommand | None:
    """Note that the command goes out now, and give its message. None: there is nothing to send.

    Only the first caller gets the message.
    """
    claimed = open_session().scalar(
        update(StationCommand)
        .where(
            StationCommand.id == command_id,
            StationCommand.status == CommandStatus.QUEUED,
            StationCommand.deadline > now,
        )
        .values(
            status=CommandStatus.SENT, sent_at=now, attempts=StationCommand.attempts + 1, boot_id_before=_BOOT_ID_BEFORE
        )
        .returning(StationCommand)
        .execution_options(populate_existing=True)
    )
    return None if claimed is None else _encode_or_refuse(claimed, now=now)


def _encode_or_refuse(command: StationCommand, *, now: datetime) -> EncodedCommand | None:
    """Encode a command that is noted as sent. It fails at once if the protocol of the station does not have it."""
    encoded = encoding.encode_command(command)
    if isinstance(encoded, Unsupported):
        settle_command(command, CommandStatus.FAILED, {"proof": "refused", "error": encoded.reason}, now=now)
        return None
    return encoded


def _send_after_commit(encoded: EncodedCommand, through: Publisher) -> None:
    """Send a command after the commit. If it is lost on its way there is no answer, and the deadline settles it."""
    message = encoded.message

    def send() -> None:
        with tracing.span("publish to the broker", Kind.CLIENT):
            through.send(message.topic, message.payload, qos=message.qos, wait=RECEIPT_SECONDS)

    after_commit(send)


def settle_command(command: StationCommand, status: CommandStatus, response: dict[str, Any], *, now: datetime) -> bool:
    """Write what became of a command, and publish it. False if that is known, or cannot follow any more."""
    earlier = [old for old, following in TRANSITIONS.items() if status in following]
    session = open_session()
    changed = session.scalar(
        update(StationCommand)
        .where(StationCommand.id == command.id, StationCommand.status.in_(earlier))
        .values(status=status, finished_at=now, response=(command.response or {}) | response)
        .returning(StationCommand)
        .execution_options(populate_existing=True)
    )
    if changed is None:
        session.refresh(command)
        return False
    asked, began, outcome = command.traceparent, command.sent_at or command.created_at, {"outcome": status.value}
    with tracing.span(f"answer {command.command}", Kind.CONSUMER, outcome, parent=asked, began=began):
        # Nobody waits for the snapshots that this service requests by itself.
        if command.requested_by.startswith(CREW):
            publish(CrewEjectionSettled(command_id=command.id, status=status.value))
        elif command.requested_by != SYSTEM:
            publish(StationCommandSettled(command_id=command.id, status=status.value))
    return True


def acknowledge_command(command: StationCommand, response: dict[str, Any]) -> None:
    """Note that an answer came that proves nothing."""
    session = open_session()
    session.execute(
        update(StationCommand)
        .where(StationCommand.id == command.id, StationCommand.status.in_(OPEN))
        .values(status=CommandStatus.ACKNOWLEDGED, response=response)
    )
    session.refresh(command)


def request_outcome_snapshot(command: StationCommand, *, now: datetime, at: datetime | None = None) -> None:
    """Request the snapshot that tells what became of an ejection. Without one, nobody will ever know."""
    session = open_session()
    command.snapshot_decides_from = at or now
    session.flush()
    request_snapshot(command.station_id, now=now, at=at)
    enqueue(
        station_jobs.CHECK_STATION_COMMAND,
        at=command.snapshot_decides_from + timedelta(seconds=SNAPSHOT_SECONDS),
        command_id=str(command.id),
    )


def check_overdue_command(command_id: UUID, *, now: datetime) -> None:
    """Settle a command whose deadline, or whose time for the snapshot that was to tell its outcome, has passed."""
    session = open_session()
    station_id = session.scalar(
        select(StationCommand.station_id).where(StationCommand.id == command_id, StationCommand.finished_at.is_(None))
    )
    if station_id is None:
        return  # it is settled, as nearly all are by then
    state = message_queries.lock_station_state(station_id)
    command = session.get_one(StationCommand, command_id, populate_existing=True)
    if not command.is_open or now < command.deadline - timedelta(seconds=1):
        return
    state.contents = None  # the next snapshot is compared slot by slot
    if command.status == CommandStatus.QUEUED:
        settle_command(command, CommandStatus.EXPIRED, {"error": "not_sent"}, now=now)
    elif not command.is_eject:
        settle_command(command, CommandStatus.UNKNOWN, {"error": "no_answer"}, now=now)
    elif command.snapshot_decides_from is None:
        request_outcome_snapshot(command, now=now)
    elif now >= command.snapshot_decides_from + timedelta(seconds=SNAPSHOT_SECONDS - 1):
        settle_command(command, CommandStatus.UNKNOWN, {"error": "no_snapshot"}, now=now)


def find_deadline_seconds(name: CommandName) -> int:
    if name is CommandName.EJECT:
        return app_config.current().eject_timeout_seconds
    return DEADLINES.get(name, USUAL_DEADLINE)


def request_missing_snapshots(*, now: datetime) -> int:
    """Request snapshots after the start of a daemon, and count the requests.

    Stations are asked that were online, and whose newest snapshot is older than their heartbeat or does not agree with
    the database. To wait is no choice: a cabinet of `volinks-v1` speaks by itself only every nine minutes.
    """
    heartbeat = case(
        *(
            (Station.protocol == name, literal(timedelta(seconds=protocol.heartbeat_seconds)))
            for name, protocol in PROTOCOLS.items()
        ),
        else_=literal(timedelta(0)),
    )
    is_asked = exists().where(
        StationCommand.station_id == Station.id,
        StationCommand.command == CommandName.GET_STATUS,
        StationCommand.status.in_(OPEN),
    )
    is_doubtful = StationState.contents.is_(None)
    behind = (
        select(Station.id)
        .join(StationLive, StationLive.station_id == Station.id)
        .join(StationState, StationState.station_id == Station.id)
        .where(
            Station.active,
            StationLive.online,
            or_(is_doubtful, StationState.snapshot_at.is_(None), StationState.snapshot_at < now - heartbeat),
            ~is_asked,
        )
        .order_by(is_doubtful.desc(), StationState.snapshot_at.desc().nulls_last())
        .limit(MOST_MISSING_SNAPSHOTS)
    )
    stations = open_session().scalars(behind).all()
    for number, station_id in enumerate(stations):
        request_snapshot(station_id, now=now, at=now + number * MISSING_SNAPSHOT_INTERVAL)
    return len(stations)
