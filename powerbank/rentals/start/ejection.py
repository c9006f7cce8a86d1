"""The ejection of a power bank: commands go to the station one after the other, and their ends move the rental."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select

from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError
from powerbank.content import app_config
from powerbank.integrations.mqtt.publisher import Publisher
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.promotions import coupons
from powerbank.rentals import notices, queries, transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.events import RentalCameLate, RentalFailed, RentalStarted
from powerbank.rentals.models import Rental
from powerbank.rentals.reservations import services as reservations
from powerbank.rentals.start import late_ejections
from powerbank.rentals.start.initiation import PATIENCE, abandon_initiation
from powerbank.rentals.states import Status
from powerbank.stations.commands import services as commands
from powerbank.stations.commands import slot_inspection
from powerbank.stations.commands.models import CommandName, CommandStatus, StationCommand
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import PowerBank
from powerbank.stations.errors import StationRefusedError

STATION = "station"


def begin_ejection(rental_id: UUID, *, now: datetime, through: Publisher | None = None) -> None:
    """Send the eject command of a rental. Where the station is busy, the end of its command wakes this rental later."""
    rental = queries.lock_rental(rental_id)
    if rental.status == Status.EJECTING and rental.command_id is None:
        billing.lock_funds(rental.user_id)
        if rental.cancel_requested_at is not None:
            _fail_rental(rental, "cancelled", now)
        else:
            _send_command(rental, now, through)
    elif rental.status == Status.PENDING and now - rental.created_at > PATIENCE:
        abandon_initiation(rental_id, event="initiation_expired", cause="expiry", now=now)
    elif rental.status == Status.PENDING and _send_command(rental, now, through):
        transitions.move_rental(
            rental, Status.EJECTING, event="eject_sent", cause="rentals", at=now, slot=rental.slot_number
        )


def settle_ejection(command_id: UUID, *, now: datetime) -> None:
    """Apply the end of a command to its rental, and wake the next rental that waits at the station.

    The end of a command may change: one that is unknown may turn out to have succeeded or failed.
    """
    command = open_session().get(StationCommand, command_id, populate_existing=True)
    if command is None:
        return
    if command.rental_id is not None:
        rental = queries.lock_rental(command.rental_id)
        billing.lock_funds(rental.user_id)
        _apply_command(rental, command, now)
    _wake_next_rental(command.station_id)


def apply_finished_commands(rental: Rental, *, now: datetime) -> None:
    """Apply the ends of all commands of a locked rental, before something else happens to it."""
    billing.lock_funds(rental.user_id)
    commands_of_rental = open_session().scalars(
        select(StationCommand)
        .where(StationCommand.rental_id == rental.id, StationCommand.command == CommandName.EJECT)
        .order_by(StationCommand.id)
        .execution_options(populate_existing=True)
    )
    for command in commands_of_rental.all():
        _apply_command(rental, command, now)


def _apply_command(rental: Rental, command: StationCommand, now: datetime) -> None:
    """Move a rental by the status of one of its commands."""
    if command.status == CommandStatus.SUCCEEDED:
        _bank_came_out(rental, command, now)
    elif command.id != rental.command_id or rental.status not in (Status.EJECTING, Status.UNRESOLVED):
        late_ejections.release_unused_reservation(rental, command)  # an older command, or one whose end was applied
    elif command.status == CommandStatus.UNKNOWN:
        if rental.status == Status.EJECTING:
            transitions.move_rental(rental, Status.UNRESOLVED, event="no_answer", cause=STATION, at=now)
    elif command.status == CommandStatus.EXPIRED:
        _fail_rental(rental, "not_sent", now)
    elif command.status == CommandStatus.FAILED:
        _bank_stayed_in(rental, command, now)


def _bank_came_out(rental: Rental, command: StationCommand, now: datetime) -> None:
    """Start the rental, or note a power bank that came out after the rental had ended."""
    custody = queries.newest_custody(rental, command.serial)
    if custody is None:
        return  # The power bank never came out. The event `EjectionUndone` tells of that.
    is_late = rental.status in (Status.FAILED, Status.CANCELLED) and rental.started_at is None
    waits = rental.status in (Status.EJECTING, Status.UNRESOLVED)
    if custody.bank_id != rental.bank_id:
        if not (waits or is_late):
            late_ejections.open_second_rental(rental, command, custody, now=now)
            return
        late_ejections.adopt_earlier_bank(rental, command, custody, now=now)
    if waits:
        began = billing.start_meter(rental, custody.since or now, now)
        transitions.move_rental(rental, Status.ACTIVE, event="ejected", cause=STATION, at=began)
        publish(RentalStarted(**transitions.event_fields(rental)))
        notices.plan_reminder(rental, since=began, now=now)
    elif is_late:
        rental.came_late = True
        rental.ended_at = rental.settled_at = None
        began = billing.start_meter(rental, custody.since or now, now, charge=False)
        transitions.move_rental(rental, Status.ACTIVE, event="came_late", cause=STATION, at=began)
        publish(RentalCameLate(**transitions.staff_event_fields(rental)))


def _bank_stayed_in(rental: Rental, command: StationCommand, now: datetime) -> None:
    """Try again after a command that brought nothing out, or fail the rental.

    After a refusal the next best power bank is tried. After silence the same one is tried once more and never another:
    a station that does not answer may still have handed it out.
    """
    refused = (command.response or {}).get("proof") == "refused"
    transitions.note_event(
        rental, "eject_refused" if refused else "eject_unanswered", cause=STATION, at=now, slot=command.slot_number
    )
    again = rental.status == Status.EJECTING and rental.cancel_requested_at is None and not rental.ejection_repeated
    again = again and rental.attempts < app_config.current().eject_attempts
    if refused:
        slot_inspection.hold_slot_after_refusals(rental.station_id, rental.slot_number, now=now)
        again = again and _take_next_bank(rental)
    else:
        rental.ejection_repeated = True
        if not again:
            banks.mark_doubtful(rental.bank_id, "no answer to an ejection")
    if again:
        _send_command(rental, now)
    else:
        _fail_rental(rental, "refused" if refused else "no_answer", now)


def _take_next_bank(rental: Rental) -> bool:
    """Reserve the next best power bank that was not tried yet. False where the station has none."""
    banks.end_promise(rental.id)
    try:
        choice = banks.promise_best_bank(
            rental.station_id,
            holder_id=rental.id,
            min_battery=app_config.current().min_eject_battery,
            without=rental.tried_serials,
        )
    except StationRefusedError:
        return False
    rental.bank_id, rental.slot_number = choice.bank_id, choice.slot_number
    return True


def _send_command(rental: Rental, now: datetime, through: Publisher | None = None) -> bool:
    """Send an eject command. False where the station is busy with a command, whose end wakes this rental."""
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
    rental.tried_serials = [*rental.tried_serials, serial]
    return True


def give_up_ejection(rental: Rental, *, now: datetime) -> None:
    """Fail a rental whose station does not speak of it any more, as staff decided.

    The power bank is doubted: a snapshot or staff must see it before anybody else gets it.
    """
    banks.mark_doubtful(rental.bank_id, "given up by staff")
    _fail_rental(rental, "given_up", now)


def _fail_rental(rental: Rental, reason: str, now: datetime) -> None:
    """End a rental that brought nothing, and give the money, the coupon and the reservation back."""
    transitions.move_rental(rental, Status.FAILED, event="failed", cause=STATION, at=now, reason=reason)
    rental.ended_at = rental.settled_at = now
    billing.release_hold(rental)
    if reason != "cancelled":
        reservations.refund_of_rental(rental, now=now)
    coupons.give_back_coupons(rental.id, now=now)
    banks.end_promise(rental.id)
    publish(RentalFailed(**transitions.event_fields(rental), reason=reason))


def _wake_next_rental(station_id: UUID) -> None:
    """Enqueue the ejection of the rental that has waited longest at this station. One is served at a time."""
    unsent = and_(Rental.status == Status.EJECTING, Rental.command_id.is_(None))  # waits for its next attempt
    waiting = open_session().scalar(
        select(Rental.id)
        .where(Rental.station_id == station_id, or_(Rental.status == Status.PENDING, unsent))
        .order_by(Rental.status, Rental.id)
        .limit(1)
    )
    if waiting is not None:
        enqueue(rental_jobs.PROCESS_RENTAL_INITIATION, rental_id=str(waiting))
