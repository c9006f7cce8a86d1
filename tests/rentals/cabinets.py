"""Play the cabinets of a test.

What a cabinet says is written as the code of stations writes it: custody first, then the command or the event, in one
transaction.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import select

from jobs.rentals import run_sweep
from powerbank.base.db import open_session, transaction, utcnow
from powerbank.outbox.enqueue import publish
from powerbank.rentals import sweeps
from powerbank.stations.commands import services as commanding
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody.models import Custody
from powerbank.stations.events import EjectionUndone, PowerbankReturned, ReturnSelfTested
from tests.people import rows
from tests.rentals import rentals_in_states
from tests.stations.conftest import Make, broker, make_station  # noqa: F401

MINUTE = timedelta(minutes=1)


BUSY = ("critical", "payments", "iot", "notifications", "default")


class Cabinets:
    def __init__(self, app: Flask, work: Callable[..., None]) -> None:
        self.app, self._work = app, work

    def work(self) -> None:
        """Run all jobs that wait. A command to a station finds no broker."""
        self._work(*BUSY)

    def ejects(self, sn: str = "A", *, at: datetime | None = None) -> None:
        with self.app.app_context(), transaction():
            rentals_in_states.eject(self._open(sn), at or utcnow())
        self.work()

    def refuses(self, sn: str = "A") -> None:
        self.settles(CommandStatus.FAILED, {"proof": "refused"}, sn)

    def shows_it_still_in(self, sn: str = "A") -> None:
        self.settles(CommandStatus.FAILED, {"proof": "still_in"}, sn)

    def says_nothing(self, sn: str = "A") -> None:
        self.settles(CommandStatus.UNKNOWN, {"error": "no_snapshot"}, sn)

    def settles(self, status: CommandStatus, response: dict[str, Any], sn: str = "A") -> None:
        with self.app.app_context(), transaction():
            commanding.settle_command(self._open(sn), status, response, now=utcnow())
        self.work()

    def ejects_late(self, sn: str = "A", *, serial: str | None = None) -> None:
        """Let the newest command, or the newest one for this power bank, succeed after all."""
        with self.app.app_context(), transaction():
            rentals_in_states.eject(self._newest(sn, serial), utcnow())
        self.work()

    def sent(self, sn: str = "A") -> None:
        """Mark the open command as sent."""
        with self.app.app_context(), transaction():
            assert commanding.claim_command(self._open(sn).id, now=utcnow()) is not None

    def take_back(
        self,
        serial: str,
        sn: str = "A",
        slot: int = 4,
        *,
        at: datetime | None = None,
        provisional: bool = False,
        times: int = 1,
    ) -> None:
        """Put a power bank into a slot. The return belongs to the rental of the stay that ends."""
        at = at or utcnow()
        with self.app.app_context(), transaction() as session:
            station_id = rentals_in_states.station_id(sn)
            bank = custody_queries.lock_bank(serial)
            before = session.scalars(select(Custody).where(Custody.bank_id == bank.id).order_by(Custody.id.desc()))
            stay = before.first()
            rentals_in_states.put_back(serial, station_id, slot, at)
            for _ in range(times):
                publish(
                    PowerbankReturned(
                        report_id=uuid4(),
                        bank_id=bank.id,
                        station_id=station_id,
                        slot_number=slot,
                        rental_id=stay.rental_id if stay else None,
                        returned_at=at,
                        received_at=utcnow(),
                        provisional=provisional,
                        how="event",
                    )
                )
        self.work()

    def old_news_of(self, rental_id: str, serial: str, *, at: datetime, sn: str = "A", slot: int = 4) -> None:
        """Repeat the event of a return long after it happened."""
        with self.app.app_context(), transaction():
            publish(
                PowerbankReturned(
                    report_id=uuid4(),
                    bank_id=custody_queries.lock_bank(serial).id,
                    station_id=rentals_in_states.station_id(sn),
                    slot_number=slot,
                    rental_id=UUID(rental_id),
                    returned_at=at,
                    received_at=utcnow(),
                    provisional=False,
                    how="event",
                )
            )
        self.work()

    def self_test(self, serial: str, rental_id: str, *, passed: bool) -> None:
        with self.app.app_context(), transaction():
            publish(
                ReturnSelfTested(
                    bank_id=custody_queries.lock_bank(serial).id,
                    station_id=rentals_in_states.station_id("A"),
                    slot_number=4,
                    rental_id=UUID(rental_id),
                    passed=passed,
                )
            )
        self.work()

    def shows_again(self, serial: str, rental_id: str, *, sn: str = "A", slot: int = 1) -> None:
        """Show a power bank in its slot that was said to be out."""
        with self.app.app_context(), transaction():
            station_id = rentals_in_states.station_id(sn)
            bank_id = rentals_in_states.put_back(serial, station_id, slot, utcnow())
            publish(
                EjectionUndone(
                    bank_id=bank_id,
                    rental_id=UUID(rental_id),
                    station_id=station_id,
                    slot_number=slot,
                    seen_at=utcnow(),
                )
            )
        self.work()

    def commands(self) -> list[tuple[str, str]]:
        query = "SELECT serial, status FROM station_commands WHERE serial IS NOT NULL ORDER BY id"
        return [(row.serial, row.status) for row in rows(self.app, query)]

    def place(self, serial: str) -> str:
        with self.app.app_context(), transaction():
            return custody_queries.find_whereabouts(custody_queries.lock_bank(serial).id).place.value

    def _open(self, sn: str) -> StationCommand:
        return (
            open_session()
            .scalars(
                select(StationCommand).where(
                    StationCommand.station_id == rentals_in_states.station_id(sn),
                    StationCommand.command == "eject_powerbank",
                    StationCommand.finished_at.is_(None),
                )
            )
            .one()
        )

    def _newest(self, sn: str, serial: str | None = None) -> StationCommand:
        query = select(StationCommand).where(
            StationCommand.station_id == rentals_in_states.station_id(sn), StationCommand.command == "eject_powerbank"
        )
        if serial is not None:
            query = query.where(StationCommand.serial == serial)
        found = open_session().scalars(query.order_by(StationCommand.id.desc())).first()
        assert found is not None
        return found


def sweep(app: Flask, cabinets: Cabinets) -> None:
    with app.app_context():
        now = utcnow()
        run_sweep(sweeps.overdue_step(now), sweeps.loss_step(now), *sweeps.stuck_steps(now))
    cabinets.work()
