"""A station of one test: it sends messages as if a daemon had heard them, and tests read what came of them."""

import itertools
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.outbox.events import Event
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import StationCommand
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.daemon.batches import BatchWriter
from powerbank.stations.messages.message import ReceivedMessage
from powerbank.stations.models import Station
from tests.stations import prepared

Slots = Mapping[int, str | tuple[str, int] | None]


class Talker:
    """One station of `json-v1`. Time passes only when a test says so."""

    def __init__(self, station: Station, now: datetime | None = None) -> None:
        self.station, self.imei, self.id = station, station.imei, station.id
        self.now = now or utcnow()
        self.boot_id, self.seq = 1, 0
        self.writer = BatchWriter(clock=lambda: self.now)
        self._events = itertools.count(1)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def say(self, kind: str, body: Mapping[str, Any], **numbers: Any) -> bytes:
        payload = json.dumps(self.numbered(body, **numbers)).encode()
        self.take(f"stations/{self.imei}/{kind}", payload)
        return payload

    def take(self, topic: str, payload: bytes) -> None:
        db.session.rollback()
        self.writer.write([ReceivedMessage(topic, payload, self.now)])

    def numbered(self, body: Mapping[str, Any], **numbers: Any) -> dict[str, Any]:
        if not numbers:
            self.seq += 1
        place = {"boot_id": self.boot_id, "seq": self.seq, "ts": self.now.isoformat()} | numbers
        return place | dict(body)

    def snapshot(self, slots: Slots, *, count: int = 4, **numbers: Any) -> bytes:
        shown = [make_slot(number, slots.get(number)) for number in range(1, count + 1)]
        return self.say("heartbeat", {"status": "online", "slots": shown}, **numbers)

    def event(self, kind: str, slot_number: int | None, serial: str | None, **more: Any) -> bytes:
        numbers = {name: more.pop(name) for name in ("boot_id", "seq", "ts") if name in more}
        body = {
            "event_id": f"e{next(self._events)}",
            "type": kind,
            "slot_number": slot_number,
            "powerbank_sn": serial,
            "battery_level": 80,
        } | more
        return self.say("events", body, **numbers)

    def answer(self, command_id: UUID, **body: Any) -> bytes:
        return self.say(f"responses/{command_id}", {"success": True} | body)

    def rent(self, slot_number: int, serial: str, *, rental_id: UUID | None = None) -> StationCommand:
        """Promise a power bank to a rental, and send its eject command."""
        db.session.rollback()
        with transaction() as session:
            rental = rental_id or new_id()
            prepared.reserve_bank(custody_queries.lock_bank(serial).id, rental_id=rental)
            command = commands.request_command(
                station_id=self.id,
                command="eject_powerbank",
                requested_by="rental",
                now=self.now,
                parameters={"slot_number": slot_number, "powerbank_sn": serial},
                rental_id=rental,
            )
            assert commands.claim_command(command.id, now=self.now) is not None
            session.refresh(command)
        return command

    def pass_deadline(self, command: StationCommand, seconds: float = 31) -> None:
        self.wait(seconds)
        with transaction():
            commands.check_overdue_command(command.id, now=self.now)


def make_slot(number: int, holds: str | tuple[str, int] | None) -> dict[str, Any]:
    serial, charge = holds if isinstance(holds, tuple) else (holds, 90)
    if serial is None:
        return {"slot_number": number, "status": "ok", "powerbank_sn": None}
    return {"slot_number": number, "status": "ok", "powerbank_sn": serial, "battery_level": charge, "temperature": 25.0}


def query_rows(query: str, **values: Any) -> list[Any]:
    db.session.rollback()
    return list(db.session.execute(text(query), values).all())


def query_value(query: str, **values: Any) -> Any:
    return query_rows(query, **values)[0][0]


def find_serials_in_slots(station_id: UUID) -> dict[int, str | None]:
    found = query_rows("SELECT number, bank_serial FROM slots WHERE station_id = :id ORDER BY number", id=station_id)
    return {row.number: row.bank_serial for row in found}


def list_stays(serial: str) -> list[tuple[str, int | None, str]]:
    found = query_rows(
        "SELECT place, slot_number, coalesce(rental_id::text, '') AS rental FROM custody JOIN power_banks b"
        " ON b.id = bank_id WHERE serial = :serial ORDER BY lower(period)",
        serial=serial,
    )
    return [(row.place, row.slot_number, row.rental) for row in found]


def find_command_status(command: StationCommand) -> tuple[str, str | None]:
    [row] = query_rows("SELECT status, response FROM station_commands WHERE id = :id", id=command.id)
    return row.status, (row.response or {}).get("proof")


def find_live_row(talker: Talker) -> Any:
    return query_rows("SELECT * FROM station_live WHERE station_id = :id", id=talker.id)[0]


def list_heard_events(event: type[Event]) -> list[dict[str, Any]]:
    """List what was published, for a test that uses the fixture `hear`."""
    return [
        row.arguments
        for row in query_rows(
            "SELECT arguments FROM outbox_jobs WHERE job = :job ORDER BY id", job=f"heard_{event.__name__}"
        )
    ]
