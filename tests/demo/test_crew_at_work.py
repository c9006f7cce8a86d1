"""A member of the simulated crew works through the public API, at simulated stations behind a real broker."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from powerbank.base.db import db, transaction, utcnow
from powerbank.base.redis_clients import cache_redis
from powerbank.crew.members import services as members
from powerbank.crew.tasks import services as tasks
from powerbank.stations.warehouses import services as warehouses
from powerbank.users import identifiers
from powerbank.users import services as users
from scripts.demo.crew.living import read_shelf, read_sms
from scripts.sandbox.environment import settings as played_by_sandbox
from scripts.sandbox.server import Sandbox
from scripts.sandbox.testing import free_ports
from scripts.simulation import Simulator, StationSpec, generate
from scripts.simulation.crew import Habits, Hands, Phone, Point, Refused, Worker
from scripts.simulation.station import Pace
from tests.nursery import Nursery
from tests.stations.network import Network, network

NUMBER = "+9779841700001"
DEPOT = Point(27.7040, 85.3000)  # some 450 m from the stations of a network


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no shared database: these tests have servers of their own."""


@dataclass
class Town:
    net: Network
    simulator: Simulator
    hands: Hands
    site: str
    phone: Phone
    here: StationSpec
    there: StationSpec
    warehouse_id: str

    def order(self, station: StationSpec, kind: str, **wants: int) -> str:
        with self.net.app.app_context():
            with transaction():
                task = tasks.make_task(station.sn, kind=kind, wants=wants, note=None, by="test", now=utcnow())
                found = str(task.id)
            db.session.remove()
        return found

    def status(self, task_id: str) -> str:
        return str(self.net.value(f"SELECT status FROM crew_tasks WHERE id = '{task_id}'"))

    def inside(self, station: StationSpec) -> set[str]:
        return set(self.simulator.station(station.imei).serials.values())


@pytest.fixture(scope="module")
def town(nursery: Nursery, sandbox: Sandbox) -> Iterator[Town]:
    (web,) = free_ports(1)
    settings = played_by_sandbox(sandbox.url, sandbox.smtp_port, sandbox.accounts) | {"RATE_LIMIT_PER_MINUTE": "100000"}
    with network(nursery, settings) as net:
        net.shipped_daemon()
        net.worker()
        net.wait(net.listening, "the daemon listens")
        here, there = generate(2, seed=71).stations
        net.register([here, there])
        with net.app.app_context():
            with transaction():
                house = warehouses.make_warehouse({"name": "Depot", "lat": DEPOT.lat, "lng": DEPOT.lng})
                contact = identifiers.parse_contact_address(NUMBER)
                person = users.create_user(
                    contact=contact, username="ram", first_name="Ram", last_name="Rai", referral_code=None
                )
                members.make_member(user_id=person.id, phone=None, email=None, values={}, by="test", now=utcnow())
                warehouse_id = str(house.id)
            db.session.remove()
        pace = Pace(heartbeat=1.0, eject=0.05, reboot=0.2)
        server = make_server("127.0.0.1", web, net.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with Simulator(net.broker.stations_url, [here, there], pace=pace) as simulator:
            seated = len(here.serials) + len(there.serials)
            net.wait(lambda: net.value("SELECT sum(available_banks) FROM station_live") == seated, "banks are seated")
            hands = Hands(simulator, partial(read_shelf, net.app))
            site = f"http://127.0.0.1:{web}"
            phone = Phone(site, NUMBER, partial(read_sms, sandbox.url))
            yield Town(net, simulator, hands, site, phone, here, there, warehouse_id)
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Day:
    """A member whose clock is that of the test, and who looks at the phone when told to."""

    town: Town
    worker: Worker
    now: datetime

    def look_until(self, holds: Callable[[], Any], what: str, *, most: int = 60) -> None:
        """Look at the phone again and again. A task that was given back is tried again some minutes later."""
        for _ in range(most):
            if holds():
                return
            self.worker.look()
            self.now += timedelta(minutes=1)
        tasks = self.town.net.rows("SELECT kind, status, brought, taken FROM crew_tasks ORDER BY id")
        raise AssertionError(f"not after {most} looks: {what}; {tasks}")


def begin_day(town: Town) -> Day:
    now = utcnow()
    habits = Habits(
        begins=(now - timedelta(hours=1)).time(),
        ends=(now + timedelta(hours=5)).time(),
        home=DEPOT,
        metres_a_second=300.0,
        step=0.3,
        handling=0.05,
        chore=0.1,
        patience=30.0,
    )
    days: list[Day] = []
    worker = Worker(
        town.phone,
        town.hands,
        habits,
        warehouse_id=town.warehouse_id,
        ended=threading.Event(),
        now=lambda: days[0].now,
    )
    days.append(Day(town, worker, now))
    return days[0]


def test_a_day_of_a_simulated_member(town: Town) -> None:
    net, day = town.net, begin_day(town)
    day.worker.look()
    assert net.value("SELECT count(*) FROM crew_shifts WHERE ended_at IS NULL") == 1

    # Two power banks go from one station to the other, and the stations say that it is done.
    full, empty = town.order(town.here, "full", take=2), town.order(town.there, "empty", bring=2)
    day.look_until(lambda: (town.status(full), town.status(empty)) == ("done", "done"), "both tasks are done")
    moved = set(town.here.serials) - town.inside(town.here)
    assert len(moved) == 2
    assert moved <= town.inside(town.there)
    assert net.rows("SELECT closed_by FROM crew_tasks") == [("station",), ("station",)]
    stays = """SELECT c.place FROM custody c JOIN power_banks b ON b.id = c.bank_id
                WHERE b.serial = '{}' ORDER BY c.id DESC LIMIT 3"""
    for serial in moved:
        assert net.rows(stays.format(serial)) == [("slot",), ("crew",), ("slot",)]
    assert net.value("SELECT count(*) FROM crew_earnings WHERE kind = 'task' AND amount > 0") == 2
    assert net.value("SELECT count(*) FROM crew_places") >= 2

    # Cleaning is proved by hand; a break comes when it is time for one.
    clean = town.order(town.here, "clean")
    day.look_until(lambda: town.status(clean) == "to_verify", "the station is clean")
    proof = net.value(f"SELECT proof FROM crew_tasks WHERE id = '{clean}'")
    assert (proof["photos"], proof["scanned"], proof["distance_m"]) == (1, [town.here.sn], 0)
    day.now += timedelta(hours=3)
    day.look_until(lambda: net.value("SELECT count(*) FROM crew_breaks WHERE ended_at IS NULL"), "there is a break")
    day.look_until(lambda: not net.value("SELECT count(*) FROM crew_breaks WHERE ended_at IS NULL"), "it is over")

    # What is in hand when there is nothing more to do goes to the warehouse, and from there into a station.
    town.order(town.here, "full", take=1)
    day.look_until(lambda: net.value("SELECT count(*) FROM custody WHERE holder LIKE 'warehouse:%'"), "it is handed in")
    assert town.simulator.counts()["in_hands"] == 0
    back = town.order(town.there, "empty", bring=1)
    day.look_until(lambda: town.status(back) == "done", "it is brought to the other station")
    assert len(town.inside(town.there)) == len(town.there.serials) + 3

    # In the evening the shift ends, also with a task and a power bank in hand.
    town.order(town.here, "full", take=1)
    late = town.order(town.there, "clean")
    day.look_until(lambda: town.phone.get("/api/crew/me")["banks_in_hand"], "another one is in hand")
    day.now += timedelta(hours=3)
    day.look_until(lambda: not net.value("SELECT count(*) FROM crew_shifts WHERE ended_at IS NULL"), "it is evening")
    assert town.status(late) in ("open", "to_verify")
    assert net.value("SELECT count(*) FROM custody WHERE place = 'crew' AND upper_inf(period)") == 0
    day.worker.look()
    assert net.value("SELECT count(*) FROM crew_shifts") == 1


def test_a_phone_that_was_switched_off_is_still_signed_in(town: Town, sandbox: Sandbox, tmp_path: Path) -> None:
    read = partial(read_sms, sandbox.url)
    with town.net.app.app_context():
        cache_redis().flushdb()  # the minute between two codes is over
    Phone(town.site, NUMBER, read, keep_in=tmp_path / "phone").get("/api/crew/me")
    sent = len(read(NUMBER))
    for _ in range(2):
        Phone(town.site, NUMBER, read, keep_in=tmp_path / "phone").get("/api/crew/me")
    assert len(read(NUMBER)) == sent
    (tmp_path / "phone").write_text("what nobody gave")
    with town.net.app.app_context():
        cache_redis().flushdb()
    Phone(town.site, NUMBER, read, keep_in=tmp_path / "phone").get("/api/crew/me")
    assert len(read(NUMBER)) == sent + 1


def test_who_is_not_of_the_crew_is_refused(town: Town, sandbox: Sandbox) -> None:
    with town.net.app.app_context():
        with transaction():
            contact = identifiers.parse_contact_address("+9779841700002")
            users.create_user(contact=contact, username="sita", first_name=None, last_name=None, referral_code=None)
        db.session.remove()
    stranger = Phone(town.site, "+9779841700002", partial(read_sms, sandbox.url))
    with pytest.raises(Refused, match="not_crew"):
        stranger.get("/api/crew/me")
