"""Fixtures: stations with power banks, people, a broker, and whole networks."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update

from powerbank.auth.people import sessions
from powerbank.base.db import db, new_id, open_session, transaction, utcnow
from powerbank.outbox import policy
from powerbank.stations.availability import live_rows
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import registration
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, PowerBank, Whereabouts
from powerbank.stations.events import (
    EjectionUndone,
    PowerbankReturned,
    ReturnSelfTested,
    StationAlarm,
    StationBatteryLow,
    StationCommandSettled,
    StationOffline,
    StationOnline,
)
from powerbank.stations.models import Slot, Station
from powerbank.stations.registry import services
from powerbank.subscriptions import SUBSCRIPTIONS
from powerbank.users.models import User
from scripts.simulation import Simulator, StationSpec
from scripts.simulation.station import Pace
from scripts.stack.ports import free_ports
from scripts.stack.servers.broker import EmbeddedBroker
from scripts.stack.servers.placement import temporary_data_folder
from tests.nursery import Nursery
from tests.stations import prepared
from tests.stations.network import Network, network
from tests.stations.talker import Talker

Make = Callable[..., Station]
SignIn = Callable[..., dict[str, str]]

EVENTS = (
    PowerbankReturned,
    EjectionUndone,
    StationCommandSettled,
    StationOffline,
    StationOnline,
    StationBatteryLow,
    StationAlarm,
    ReturnSelfTested,
)

FACTS = {
    "name": "Thamel",
    "address": "Thamel Marg 1",
    "city": "Kathmandu",
    "lat": 27.7153,
    "lng": 85.3123,
    "protocol": "json-v1",
}


@pytest.fixture
def make_station(app: Flask, clean: None) -> Make:
    """Make a station that is online: `make_station("A", charges={1: 90})` has a bank of 90 % in its first slot."""

    def make(sn: str = "A", *, charges: dict[int, int] | None = None, online: bool = True, **facts: Any) -> Station:
        with app.app_context(), transaction():
            values = FACTS | {"sn": sn, "imei": f"imei-{sn}", "slots": 4} | facts
            station, _ = services.register_station(**values, now=utcnow())
            prepared.mark_seen(station.id, at=utcnow(), online=online)
            for number, charge in (charges or {}).items():
                seat_bank(station.id, number, f"{sn}-{number}", charge)
            return station

    return make


def seat_bank(station_id: UUID, number: int, serial: str, charge: int) -> UUID:
    """Seat a power bank as a snapshot does: the slot shows it, and its custody follows."""
    session = open_session()
    registration.register_banks(serials=[serial], model=None, now=utcnow())
    bank = custody_queries.lock_bank(serial)
    session.execute(
        update(Slot)
        .where(Slot.station_id == station_id, Slot.number == number)
        .values(bank_serial=serial, charge=charge)
    )
    banks.move_bank(bank.id, Whereabouts(Place.SLOT, station_id, number), at=utcnow(), cause="snapshot")
    live_rows.refresh_live_rows([station_id])
    return bank.id


def find_bank_id(serial: str) -> UUID:
    return db.session.query(PowerBank).filter_by(serial=serial).one().id


@pytest.fixture
def sign_in(app: Flask, clean: None) -> SignIn:
    """Return the headers of a person who signed in."""

    def headers(name: str = "sita") -> dict[str, str]:
        with app.app_context(), transaction() as session:
            user = User(id=new_id(), username=name, referral_code=name.upper())
            session.add(user)
            session.flush()
            return {"Authorization": f"Bearer {sessions.begin_session(user, user_agent=None).access_token}"}

    return headers


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with temporary_data_folder() as folder:
        broker = EmbeddedBroker(folder, free_ports().broker, "0123456789abcdef")
        broker.start()
        yield broker
        broker.stop()


@pytest.fixture
def hear(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record each published event as a job with its name."""
    for event in EVENTS:
        spec = policy.JobSpec(f"heard_{event.__name__}", body="x.y", queue=policy.Queue.DEFAULT)
        monkeypatch.setitem(SUBSCRIPTIONS, event, (spec,))


@pytest.fixture
def talker(make_station: Make) -> Talker:
    """Give a station with power banks 101 to 103 in its slots, seated by its first snapshot."""
    station = make_station("A")
    with transaction():
        registration.register_banks(serials=["101", "102", "103", "104"], model=None, now=utcnow())
    talker = Talker(station)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    talker.wait(30)
    return talker


@pytest.fixture
def net(nursery: Nursery) -> Iterator[Network]:
    with network(nursery) as net:
        yield net


@pytest.fixture
def played(net: Network) -> Iterator[Callable[..., Simulator]]:
    """Start stations of both protocols, a daemon, a worker and a scheduler: all that an ejection needs."""
    running: list[Simulator] = []

    def play(specs: list[StationSpec]) -> Simulator:
        net.register(specs)
        net.daemon()
        net.worker()
        net.scheduler()
        net.wait(net.listening, "the daemon listens")
        pace = Pace(heartbeat=1.0, eject=0.05, reboot=0.2)
        simulator = Simulator(net.broker.stations_url, specs, pace=pace)
        simulator.start()
        running.append(simulator)
        seated = sum(len(spec.serials) for spec in specs)
        net.wait(lambda: net.value("SELECT sum(available_banks) FROM station_live") == seated, "all banks are seated")
        return simulator

    yield play
    for simulator in running:
        simulator.stop()
