"""Rentals with a real broker, the daemon, workers, a scheduler and simulated stations."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from powerbank.auth.people import sessions
from powerbank.base.db import db, new_id, transaction
from powerbank.stations.packages.models import Package
from powerbank.users.models import User
from scripts.simulation import Simulator, StationSpec, generate
from scripts.simulation.station import Pace
from tests.ledger.conftest import top_up
from tests.nursery import Nursery
from tests.rentals.rentals_in_states import MAY_RENT
from tests.stations.network import Network, network

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no shared database: these tests have servers of their own."""


@pytest.fixture(scope="module")
def net(nursery: Nursery) -> Iterator[Network]:
    with network(nursery) as found:
        found.shipped_daemon()
        found.worker()
        found.worker()
        found.scheduler()
        found.wait(found.listening, "the daemon listens")
        yield found


@pytest.fixture
def play(net: Network) -> Iterator[Callable[..., tuple[Simulator, list[StationSpec]]]]:
    running: list[Simulator] = []

    def begin(*specs: StationSpec) -> Simulator:
        net.register(list(specs))
        simulator = Simulator(net.broker.stations_url, list(specs), pace=Pace(heartbeat=1.0, eject=0.05, reboot=0.2))
        simulator.start()
        running.append(simulator)
        sns = ", ".join(f"'{spec.sn}'" for spec in specs)
        seated = sum(len(spec.serials) for spec in specs)
        net.wait(
            lambda: net.value(f"SELECT sum(available_banks) FROM station_live WHERE sn IN ({sns})") == seated,
            "all banks are seated",
        )
        return simulator

    yield begin
    for each in running:
        each.stop()


class Renter:
    def __init__(self, net: Network) -> None:
        self.client = net.app.test_client()
        with net.app.app_context():
            with transaction() as session:
                self.id = new_id()
                session.add(user := User(id=self.id, username=f"u{uuid4().hex[:16]}", referral_code=uuid4().hex[:10]))
                session.flush()
                session.execute(MAY_RENT, {"id": self.id})
                top_up(self.id, 500_00)
                self.headers = {"Authorization": f"Bearer {sessions.begin_session(user, user_agent=None).access_token}"}
                session.add(
                    package := Package(name="p", duration_minutes=60, price=50_00, payment_model="prepaid", active=True)
                )
                session.flush()
                self.package: UUID = package.id
            db.session.remove()

    def initiate(self, spec: StationSpec) -> str:
        begun = self.client.post(
            "/api/rentals/initiate",
            headers=self.headers | {"Idempotency-Key": str(uuid4())},
            json={"station_sn": spec.sn, "package_id": str(self.package), "payment_method": "wallet_only"},
        )
        assert begun.status_code == 202, begun.text
        return str(begun.get_json()["rental_id"])

    def rental(self, rental_id: str, **query: int) -> dict[str, Any]:
        return dict(self.client.get(f"/api/rentals/{rental_id}", headers=self.headers, query_string=query).get_json())

    def until(self, rental_id: str, *wanted: str, seconds: float = 60) -> dict[str, Any]:
        """Poll as the app does: each answer asks for the next change."""
        deadline, found = time.monotonic() + seconds, self.rental(rental_id)
        while found["status"] not in wanted:
            assert time.monotonic() < deadline, f"{found['status']}, not {wanted}"
            found = self.rental(rental_id, wait=2, since=found["version"])
        return found

    def wallet(self) -> tuple[str, str]:
        found = self.client.get("/api/wallet", headers=self.headers).get_json()
        return found["balance"], found["held"]


@pytest.mark.parametrize("protocol", ["json-v1", "volinks-v1"])
def test_rental_from_one_station_to_another(net: Network, play: Callable[..., Simulator], protocol: Any) -> None:
    here = generate(1, protocol=protocol, seed=101 + len(protocol)).stations[0]
    there = generate(1, seed=202 + len(protocol)).stations[0]
    simulator, sita = play(here, there), Renter(net)
    rental_id = sita.initiate(here)
    out = sita.until(rental_id, "active")
    serial = out["powerbank_sn"]
    simulator.wait_for(lambda: serial in simulator.hands)
    assert sita.wallet() == ("450.00", "0.00")
    simulator.station(there.imei).return_bank(serial)
    back = sita.until(rental_id, "completed")
    assert (back["return_station"]["sn"], back["is_returned_on_time"], back["amount_paid"]) == (there.sn, True, "50.00")
    assert sita.wallet() == ("450.00", "0.00")


def test_refusal_brings_the_next_bank(net: Network, play: Callable[..., Simulator]) -> None:
    here = generate(1, seed=303).stations[0]
    simulator, sita = play(here), Renter(net)
    simulator.station(here.imei).fault("refuse", times=1)
    rental_id = sita.initiate(here)
    out = sita.until(rental_id, "active")
    assert [each["event"] for each in out["timeline"]].count("eject_refused") == 1
    assert len(simulator.hands) == 1
    assert sita.wallet() == ("450.00", "0.00")


def test_snapshot_confirms_a_silent_ejection(net: Network, play: Callable[..., Simulator]) -> None:
    here = generate(1, seed=404).stations[0]
    simulator, sita = play(here), Renter(net)
    simulator.station(here.imei).fault("silent_eject", times=1)
    out = sita.until(sita.initiate(here), "active", seconds=90)
    assert out["powerbank_sn"] in simulator.hands
    assert sita.wallet() == ("450.00", "0.00")


def test_undone_ejection_costs_nothing(net: Network, play: Callable[..., Simulator]) -> None:
    here = generate(1, seed=505).stations[0]
    simulator, sita = play(here), Renter(net)
    simulator.station(here.imei).fault("false_success", times=1)
    found = sita.until(sita.initiate(here), "cancelled")
    assert found["timeline"][-1]["event"] == "never_came_out"
    assert sita.wallet() == ("500.00", "0.00")
    assert len(simulator.hands) == 0


def test_snapshot_shows_a_return_whose_frame_was_lost(net: Network, play: Callable[..., Simulator]) -> None:
    here, there = generate(2, seed=606).stations
    simulator, sita = play(here, there), Renter(net)
    rental_id = sita.initiate(here)
    serial = sita.until(rental_id, "active")["powerbank_sn"]
    simulator.wait_for(lambda: serial in simulator.hands)
    simulator.station(there.imei).fault("lost_return", times=1)
    simulator.station(there.imei).return_bank(serial)
    assert sita.until(rental_id, "completed")["return_station"]["sn"] == there.sn


def test_repeated_return_frame_is_billed_once(net: Network, play: Callable[..., Simulator]) -> None:
    here, there = generate(2, seed=707).stations
    simulator, sita = play(here, there), Renter(net)
    rental_id = sita.initiate(here)
    serial = sita.until(rental_id, "active")["powerbank_sn"]
    simulator.wait_for(lambda: serial in simulator.hands)
    simulator.station(there.imei).fault("duplicate_return", times=1, seconds=0.2)
    simulator.station(there.imei).return_bank(serial)
    sita.until(rental_id, "completed")
    time.sleep(1)  # for the second report, which must change nothing
    again = sita.rental(rental_id)
    assert [each["event"] for each in again["timeline"]].count("returned") == 1
    assert sita.wallet() == ("450.00", "0.00")
