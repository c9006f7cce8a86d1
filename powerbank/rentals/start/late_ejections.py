"""Banks that come out after their rental had gone on to another one.

The bank that is first known to be out is the rental's. One that comes out besides gets a rental of its own, for which
nothing is charged until staff decide: every bank in somebody's hands has a rental, and custody says whose.
"""

from datetime import datetime

from powerbank.base.db import new_id, open_session
from powerbank.outbox.enqueue import publish
from powerbank.rentals import times, transitions
from powerbank.rentals.events import RentalCameLate
from powerbank.rentals.models import Rental
from powerbank.rentals.start import terms
from powerbank.rentals.states import BEGINNING, Status
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Custody, Place, PowerBank, Whereabouts

STATION = "station"
STAYED_IN = (CommandStatus.FAILED, CommandStatus.EXPIRED)


def adopt(rental: Rental, command: StationCommand, stay: Custody, *, now: datetime) -> None:
    """An earlier attempt brought the bank. What is tried now is not sent if it can be helped; if it was, its bank stays
    promised until the station has told of it."""
    tried = open_session().get(StationCommand, rental.command_id, populate_existing=True) if rental.command_id else None
    rental.bank_id, rental.slot_number, rental.command_id = stay.bank_id, command.slot_number or 0, command.id
    if (
        tried is None
        or tried.status in STAYED_IN
        or commands.settle_command(tried, CommandStatus.EXPIRED, {"error": "withdrawn"}, now=now)
    ):
        banks.end_reservation(rental.id)


def forget_promise(rental: Rental, command: StationCommand) -> None:
    """What was tried besides did not come out: its bank is free for others."""
    if rental.status not in BEGINNING and command.status in STAYED_IN:
        session = open_session()
        bank = session.query(PowerBank).filter_by(serial=command.serial).one()
        banks.end_reservation(rental.id, of_bank=bank.id)


def open_beside(rental: Rental, command: StationCommand, stay: Custody, *, now: datetime) -> None:
    """A second bank is out. Custody moves to the rental that it gets, so that its return finds that one."""
    serial = command.serial or ""
    if times.noted(rental, "second_bank", serial):
        return
    if stay.until is not None:  # and it is back already
        transitions.note(rental, "second_bank", cause=STATION, at=now, powerbank_sn=serial)
        publish(RentalCameLate(**transitions.for_staff(rental)))
        return
    other = Rental(
        id=new_id(),
        code=transitions.new_code(),
        user_id=rental.user_id,
        station_id=rental.station_id,
        status=Status.PENDING,
        payment_method=rental.payment_method,
        created_at=command.created_at,
        version=0,
        discount=0,
        overdue_amount=0,
        bank_id=stay.bank_id,
        slot_number=command.slot_number or 0,
        command_id=command.id,
        attempts=1,
        tried=[serial],
        came_late=True,
        **terms.of(rental),
    )
    open_session().add(other)
    began = times.start(other, stay.since or now, now, charge=False)
    transitions.begin(other, cause=f"rental:{rental.id}", at=command.created_at)
    transitions.move(
        other, Status.EJECTING, event="eject_sent", cause="rentals", at=command.sent_at or command.created_at
    )
    transitions.move(other, Status.ACTIVE, event="came_late", cause=STATION, at=began, beside=rental.code)
    banks.move_bank(stay.bank_id, Whereabouts(Place.USER, rental_id=other.id), at=began, cause=f"beside:{rental.id}")
    transitions.note(rental, "second_bank", cause=STATION, at=now, powerbank_sn=serial, rental_code=other.code)
    publish(RentalCameLate(**transitions.for_staff(other)))
