"""Late ejections: power banks that come out after their rental went on to another power bank.

The power bank that is first known to be out belongs to the rental. A second one that comes out gets a rental of its
own, for which nothing is charged until staff decide. So every power bank that a person has is the custody of a rental.
"""

from datetime import datetime

from powerbank.base.db import open_session
from powerbank.outbox.enqueue import publish
from powerbank.rentals import queries, transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.events import RentalCameLate
from powerbank.rentals.models import Rental
from powerbank.rentals.start.terms import new_rental, terms_of_rental
from powerbank.rentals.states import BEGINNING, Status
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Custody, Place, PowerBank, Whereabouts

STATION = "station"
STAYED_IN = (CommandStatus.FAILED, CommandStatus.EXPIRED)


def adopt_earlier_bank(rental: Rental, command: StationCommand, custody: Custody, *, now: datetime) -> None:
    """Give the rental the power bank that an earlier command brought out.

    The newest command is withdrawn if it was not sent yet, and its power bank becomes free. If it was sent, its power
    bank stays reserved until the station has answered.
    """
    newest = (
        open_session().get(StationCommand, rental.command_id, populate_existing=True) if rental.command_id else None
    )
    rental.bank_id, rental.slot_number, rental.command_id = custody.bank_id, command.slot_number or 0, command.id
    if (
        newest is None
        or newest.status in STAYED_IN
        or commands.settle_command(newest, CommandStatus.EXPIRED, {"error": "withdrawn"}, now=now)
    ):
        banks.end_promise(rental.id)


def release_unused_reservation(rental: Rental, command: StationCommand) -> None:
    """Free the power bank of a command that brought nothing out, once the rental has another one or has ended."""
    if rental.status not in BEGINNING and command.status in STAYED_IN:
        session = open_session()
        bank = session.query(PowerBank).filter_by(serial=command.serial).one()
        banks.end_promise(rental.id, of_bank=bank.id)


def open_second_rental(rental: Rental, command: StationCommand, custody: Custody, *, now: datetime) -> None:
    """Open a rental for a second power bank that is out, and move custody to it, so that its return finds it."""
    serial = command.serial or ""
    if queries.is_event_noted(rental, "second_bank", serial):
        return
    if custody.until is not None:
        # It is back already, so it needs no rental.
        transitions.note_event(rental, "second_bank", cause=STATION, at=now, powerbank_sn=serial)
        publish(RentalCameLate(**transitions.staff_event_fields(rental)))
        return
    second = new_rental(
        user_id=rental.user_id,
        station_id=rental.station_id,
        method=rental.payment_method,
        created_at=command.created_at,
        terms=terms_of_rental(rental),
    )
    second.bank_id, second.slot_number, second.command_id = custody.bank_id, command.slot_number or 0, command.id
    second.attempts, second.tried_serials, second.came_late = 1, [serial], True
    open_session().add(second)
    began = billing.start_meter(second, custody.since or now, now, charge=False)
    transitions.note_initiation(second, cause=f"rental:{rental.id}", at=command.created_at)
    transitions.move_rental(
        second, Status.EJECTING, event="eject_sent", cause="rentals", at=command.sent_at or command.created_at
    )
    transitions.move_rental(second, Status.ACTIVE, event="came_late", cause=STATION, at=began, beside=rental.code)
    banks.move_bank(
        custody.bank_id, Whereabouts(Place.USER, rental_id=second.id), at=began, cause=f"beside:{rental.id}"
    )
    transitions.note_event(rental, "second_bank", cause=STATION, at=now, powerbank_sn=serial, rental_code=second.code)
    publish(RentalCameLate(**transitions.staff_event_fields(second)))
