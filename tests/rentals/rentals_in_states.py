"""Make rentals in each status by the services that make them in production. Each function has its own transaction."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text, update

from powerbank.base.db import open_session, transaction, utcnow
from powerbank.payments.options.methods import Method
from powerbank.rentals.blocked_returns import services as blocked_returns
from powerbank.rentals.models import Rental
from powerbank.rentals.reservations import services as reservations
from powerbank.rentals.start import ejection, initiation
from powerbank.stations.availability import live_rows
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, Whereabouts
from powerbank.stations.models import Slot, Station
from powerbank.stations.packages.models import Package
from powerbank.stations.registry import services
from tests.ledger.conftest import make_person, top_up
from tests.stations import prepared
from tests.stations.conftest import FACTS, seat_bank

MAY_RENT = text("""UPDATE users SET first_name = 'S', last_name = 'R', date_of_birth = '1990-01-01', city = 'K',
                          address = 'A', kyc_status = 'approved' WHERE id = :id""")


def station(sn: str = "A", *, charge: int = 90) -> UUID:
    """Make a station that is online, with one power bank in its first slot."""
    with transaction():
        made, _ = services.register_station(**FACTS, sn=sn, imei=f"imei-{sn}", slots=4, now=utcnow())
        prepared.mark_seen(made.id, at=utcnow(), online=True)
        seat_bank(made.id, 1, f"{sn}-1", charge)
        return made.id


def package(*, price: int = 50_00, minutes: int = 60) -> UUID:
    with transaction() as session:
        made = Package(name="One hour", duration_minutes=minutes, price=price, active=True, payment_model="prepaid")
        session.add(made)
        session.flush()
        return made.id


def pending(user_id: UUID | None = None) -> UUID:
    station()
    one_hour = package()
    person = user_id or make_person()
    with transaction() as session:
        session.execute(MAY_RENT, {"id": person})
        top_up(person, 500_00)
        rental = initiation.initiate_rental(
            user_id=person, station_sn="A", package_id=one_hour, method=Method.WALLET_ONLY, now=utcnow()
        )
        session.execute(text("DELETE FROM outbox_jobs"))
        return rental.id


def reserved_too_long() -> UUID:
    """Make a reservation whose time is over, and that has cost something."""
    station()
    one_hour, person = package(), make_person()
    with transaction() as session:
        session.execute(MAY_RENT, {"id": person})
        top_up(person, 500_00)
        reservation = reservations.reserve_bank(
            user_id=person,
            station_sn="A",
            package_id=one_hour,
            minutes=20,
            now=utcnow() - timedelta(minutes=30),
        )
        session.execute(text("DELETE FROM outbox_jobs"))
        return reservation.id


def sent(user_id: UUID | None = None) -> UUID:
    rental_id = pending(user_id)
    with transaction() as session:
        ejection.begin_ejection(rental_id, now=utcnow())
        session.execute(text("DELETE FROM outbox_jobs"))
    return rental_id


def ejected(user_id: UUID | None = None) -> UUID:
    """Let the station confirm an ejection of which the rental does not know yet."""
    rental_id = sent(user_id)
    with transaction() as session:
        eject(command_of(rental_id), utcnow())
        session.execute(text("DELETE FROM outbox_jobs"))
    return rental_id


def active(user_id: UUID | None = None) -> UUID:
    rental_id = ejected(user_id)
    with transaction() as session:
        ejection.settle_ejection(command_of(rental_id).id, now=utcnow())
        session.execute(text("DELETE FROM outbox_jobs"))
    return rental_id


def paused_too_long() -> UUID:
    """Make a rental whose meter stood still for too long, and return the id of the report."""
    return _paused(utcnow() - timedelta(minutes=40))


def kept_slot_taken() -> UUID:
    """Make a rental whose meter stands still while somebody has used its slot, and return the id of the report."""
    block_id = _paused(utcnow())
    with transaction():
        show(station_id("B"), 1, "X-1")
    return block_id


def _paused(at: datetime) -> UUID:
    rental_id = active()
    with transaction():
        made, _ = services.register_station(**FACTS, sn="B", imei="imei-B", slots=6, now=utcnow())
        prepared.mark_seen(made.id, at=utcnow(), online=True)
    with transaction() as session:
        block = blocked_returns.grant_by_staff(rental_id, station_sn="A", by="staff:test", now=at)
        session.execute(text("DELETE FROM outbox_jobs"))
        return block.id


def command_of(rental_id: UUID) -> StationCommand:
    rental = open_session().get_one(Rental, rental_id, populate_existing=True)
    return open_session().get_one(StationCommand, rental.command_id, populate_existing=True)


def eject(command: StationCommand, at: datetime) -> None:
    """Write what is written when a station has handed out a power bank."""
    assert command.rental_id is not None
    bank = custody_queries.lock_bank(command.serial or "")
    show(command.station_id, command.slot_number or 0, None)
    to = Whereabouts(Place.USER, rental_id=command.rental_id)
    banks.move_bank(bank.id, to, at=at, cause=f"command:{command.id}")
    banks.end_promise(command.rental_id, of_bank=bank.id)
    commands.settle_command(command, CommandStatus.SUCCEEDED, {"proof": "answer"}, now=utcnow())


def put_back(serial: str, station_id: UUID, slot: int, at: datetime) -> UUID:
    """Show a power bank in a slot and return its id."""
    bank = custody_queries.lock_bank(serial)
    show(station_id, slot, serial)
    banks.move_bank(bank.id, Whereabouts(Place.SLOT, station_id, slot), at=at, cause="returned")
    return bank.id


def show(station_id: UUID, number: int, serial: str | None) -> None:
    open_session().execute(
        update(Slot)
        .where(Slot.station_id == station_id, Slot.number == number)
        .values(bank_serial=serial, charge=90 if serial else None)
    )
    live_rows.refresh_live_rows([station_id])


def station_id(sn: str) -> UUID:
    return open_session().scalars(select(Station.id).where(Station.sn == sn)).one()
