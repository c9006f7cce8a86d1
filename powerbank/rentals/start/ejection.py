"""From the promise of a bank to its coming out: commands sent one after the other, and what their ends mean."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select

from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError
from powerbank.content import app_config
from powerbank.integrations.mqtt.publisher import Publisher
from powerbank.ledger import services
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.promotions import coupons
from powerbank.rentals import times, transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.events import RentalCameLate, RentalFailed, RentalStarted
from powerbank.rentals.models import Rental
from powerbank.rentals.start import late_ejections
from powerbank.rentals.start.initiation import PATIENCE, abandon
from powerbank.rentals.states import Status
from powerbank.stations.commands import services as commands
from powerbank.stations.commands import slot_inspection
from powerbank.stations.commands.models import CommandName, CommandStatus, StationCommand
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import PowerBank
from powerbank.stations.errors import StationRefusedError

STATION = "station"


def begin(rental_id: UUID, *, now: datetime, through: Publisher | None = None) -> None:
    """Sends the eject command, unless the station is busy with another: then its end wakes this one."""
    rental = transitions.locked(rental_id)
    if rental.status == Status.EJECTING and rental.command_id is None:
        services.lock_user_accounts(rental.user_id)
        if rental.cancel_requested_at is not None:
            _fail(rental, "cancelled", now)
        else:
            _send(rental, now, through)
    elif rental.status == Status.PENDING and now - rental.created_at > PATIENCE:
        abandon(rental_id, event="initiation_expired", cause="expiry", now=now)
    elif rental.status == Status.PENDING and _send(rental, now, through):
        transitions.move(rental, Status.EJECTING, event="eject_sent", cause="rentals", at=now, slot=rental.slot_number)


def settle(command_id: UUID, *, now: datetime) -> None:
    """A command has ended, or its end turned out to be another."""
    command = open_session().get(StationCommand, command_id, populate_existing=True)
    if command is None:
        return
    if command.rental_id is not None:
        rental = transitions.locked(command.rental_id)
        services.lock_user_accounts(rental.user_id)
        _settle(rental, command, now)
    _wake_next(command.station_id)


def catch_up(rental: Rental, *, now: datetime) -> None:
    """What the station has said meanwhile, of any attempt, before something else happens to this locked rental."""
    services.lock_user_accounts(rental.user_id)
    told = open_session().scalars(
        select(StationCommand)
        .where(StationCommand.rental_id == rental.id, StationCommand.command == CommandName.EJECT)
        .order_by(StationCommand.id)
        .execution_options(populate_existing=True)
    )
    for command in told.all():
        _settle(rental, command, now)


def _settle(rental: Rental, command: StationCommand, now: datetime) -> None:
    if command.status == CommandStatus.SUCCEEDED:
        _came_out(rental, command, now)
    elif command.id != rental.command_id or rental.status not in (Status.EJECTING, Status.UNRESOLVED):
        late_ejections.forget_promise(rental, command)  # another attempt, or this end is known
    elif command.status == CommandStatus.UNKNOWN:
        if rental.status == Status.EJECTING:
            transitions.move(rental, Status.UNRESOLVED, event="no_answer", cause=STATION, at=now)
    elif command.status == CommandStatus.EXPIRED:
        _fail(rental, "not_sent", now)
    elif command.status == CommandStatus.FAILED:
        _stayed_in(rental, command, now)


def _came_out(rental: Rental, command: StationCommand, now: datetime) -> None:
    stay = times.stay(rental, command.serial)
    if stay is None:
        return  # it never came out after all: told by an event of its own
    is_late = rental.status in (Status.FAILED, Status.CANCELLED) and rental.started_at is None
    waits = rental.status in (Status.EJECTING, Status.UNRESOLVED)
    if stay.bank_id != rental.bank_id:
        if not (waits or is_late):
            late_ejections.open_beside(rental, command, stay, now=now)
            return
        late_ejections.adopt(rental, command, stay, now=now)
    if waits:
        began = times.start(rental, stay.since or now, now)
        transitions.move(rental, Status.ACTIVE, event="ejected", cause=STATION, at=began)
        publish(RentalStarted(**transitions.about(rental)))
        times.plan_reminder(rental, since=began, now=now)
    elif is_late:
        rental.came_late = True
        rental.ended_at = rental.settled_at = None
        began = times.start(rental, stay.since or now, now, charge=False)
        transitions.move(rental, Status.ACTIVE, event="came_late", cause=STATION, at=began)
        publish(RentalCameLate(**transitions.for_staff(rental)))


def _stayed_in(rental: Rental, command: StationCommand, now: datetime) -> None:
    """Refused: the next best bank. Seen in its slot after silence: the same one once more, and never another."""
    refused = (command.response or {}).get("proof") == "refused"
    transitions.note(
        rental, "eject_refused" if refused else "eject_unanswered", cause=STATION, at=now, slot=command.slot_number
    )
    again = rental.status == Status.EJECTING and rental.cancel_requested_at is None and not rental.repeated
    again = again and rental.attempts < app_config.current().eject_attempts
    if refused:
        slot_inspection.hold_slot_after_refusals(rental.station_id, rental.slot_number, now=now)
        again = again and _take_next_bank(rental)
    else:
        rental.repeated = True
        if not again:
            banks.mark_doubtful(rental.bank_id, "no answer to an ejection")
    if again:
        _send(rental, now)
    else:
        _fail(rental, "refused" if refused else "no_answer", now)


def _take_next_bank(rental: Rental) -> bool:
    banks.end_reservation(rental.id)
    try:
        choice = banks.reserve_best_bank(
            rental.station_id,
            rental_id=rental.id,
            min_battery=app_config.current().min_eject_battery,
            without=rental.tried,
        )
    except StationRefusedError:
        return False
    rental.bank_id, rental.slot_number = choice.bank_id, choice.slot_number
    return True


def _send(rental: Rental, now: datetime, through: Publisher | None = None) -> bool:
    """False: the station is busy with somebody else's, whose end will wake this rental."""
    rental.command_id = None
    serial = open_session().get_one(PowerBank, rental.bank_id).serial
    try:
        command = commands.request_command(
            station_id=rental.station_id,
            command="eject_powerbank",
            parameters={"slot_number": rental.slot_number, "powerbank_sn": serial, "rental_id": str(rental.id)},
            requested_by=f"rental:{rental.id}",
            rental_id=rental.id,
            through=through,
            now=now,
        )
    except ConflictError as busy:
        if busy.code != "station_busy":
            raise
        return False
    rental.command_id = command.id
    rental.attempts += 1
    rental.tried = [*rental.tried, serial]
    return True


def give_up(rental: Rental, *, now: datetime) -> None:
    """Staff end what no station speaks of any more. The bank is looked at before anybody else gets it."""
    banks.mark_doubtful(rental.bank_id, "given up by staff")
    _fail(rental, "given_up", now)


def _fail(rental: Rental, reason: str, now: datetime) -> None:
    transitions.move(rental, Status.FAILED, event="failed", cause=STATION, at=now, reason=reason)
    rental.ended_at = rental.settled_at = now
    billing.release(rental)
    coupons.give_back_coupons(rental.id, now=now)
    banks.end_reservation(rental.id)
    publish(RentalFailed(**transitions.about(rental), reason=reason))


def _wake_next(station_id: UUID) -> None:
    """One ejection at a time: who came next is served next."""
    unsent = and_(Rental.status == Status.EJECTING, Rental.command_id.is_(None))  # its next attempt
    waiting = open_session().scalar(
        select(Rental.id)
        .where(Rental.station_id == station_id, or_(Rental.status == Status.PENDING, unsent))
        .order_by(Rental.status, Rental.id)
        .limit(1)
    )
    if waiting is not None:
        enqueue(rental_jobs.PROCESS_RENTAL_INITIATION, rental_id=str(waiting))
