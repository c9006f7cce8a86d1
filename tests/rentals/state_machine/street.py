"""Stations that speak their own words, and people who rent there: what the daemon would apply is applied, what a worker
would do is done, and time passes only when a test says so. A street begins some hours ago, so that all of it is past.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from powerbank.base.db import db, transaction, utcnow
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.custody import registration
from powerbank.stations.models import Station
from tests.rentals.cabinets import BUSY
from tests.rentals.conftest import Renter
from tests.stations.talker import Slots, Talker

HOUR = timedelta(hours=1)


class Street:
    def __init__(self, app: Flask, make_station: Callable[..., Station], work: Callable[..., None]) -> None:
        self.app, self._make_station, self._work = app, make_station, work
        self.now = utcnow() - 300 * HOUR

    def begin(self, *, hours_ago: float) -> None:
        self.now = utcnow() - hours_ago * HOUR

    def station(self, sn: str, slots: Slots | None = None) -> Talker:
        """Make a station. Its power banks are registered, and its first snapshot seats them."""
        made = self._make_station(sn)
        with transaction():
            serials = [each for each in (slots or {}).values() if isinstance(each, str)]
            registration.register_banks(serials=serials, model=None, now=self.now - HOUR) if serials else None
        talker = Talker(made, now=self.now)
        talker.snapshot(slots or {})
        return talker

    def wait(self, talkers: list[Talker], **span: float) -> None:
        self.now += timedelta(**span)
        for each in talkers:
            each.now = self.now

    def work(self) -> None:
        self._work(*BUSY)

    def initiate(self, person: Renter, package: UUID, talker: Talker) -> str:
        """Start a rental up to the command that is on its way to the station."""
        begun = person.initiate(package, sn=talker.station.sn)
        assert begun.status_code == 202, begun.text
        self.work()
        with transaction():
            assert commands.claim_command(self.command(talker).id, now=talker.now) is not None
        return str(begun.get_json()["rental_id"])

    def rent(self, person: Renter, package: UUID, talker: Talker) -> str:
        """Start a rental up to the power bank in the person's hand."""
        rental_id = self.initiate(person, package, talker)
        command = self.command(talker)
        talker.answer(command.id, slot_number=command.slot_number, powerbank_sn=command.serial)
        self.work()
        assert person.rental(rental_id)["status"] == "active"
        return rental_id

    def command(self, talker: Talker) -> StationCommand:
        db.session.rollback()
        found = db.session.scalars(
            select(StationCommand)
            .where(StationCommand.station_id == talker.id, StationCommand.command == "eject_powerbank")
            .order_by(StationCommand.id.desc())
        ).first()
        assert found is not None
        return found

    def nobody_knows(self, talker: Talker) -> None:
        """Let the deadline pass, and the time for the snapshot that would decide."""
        command = self.command(talker)
        for at in (command.deadline, command.deadline + timedelta(seconds=31)):
            with transaction():
                commands.check_overdue_command(command.id, now=at)
        assert self.command(talker).status == CommandStatus.UNKNOWN
        self.work()

    def happened(self, talker: Talker, kind: str, slot: int, serial: str, **more: Any) -> bytes:
        if "ts" in more and "seq" not in more:  # by its own clock, and in its turn
            talker.seq += 1
            more |= {"seq": talker.seq, "boot_id": talker.boot_id}
        said = talker.event(kind, slot, serial, **more)
        self.work()
        return said

    def shows(self, talker: Talker, slots: Slots) -> None:
        talker.snapshot(slots)
        self.work()

    def time(self, person: Renter, rental_id: str, which: str) -> datetime:
        return datetime.fromisoformat(person.rental(rental_id)[which])
