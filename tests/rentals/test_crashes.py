"""Workers that are killed between two steps of a rental, with a real broker, the daemon, a scheduler and a cabinet.

What the dead worker had taken is found by the sweep once its heartbeat and its lease are old; here they are made old
at once.
"""

import signal
from collections.abc import Callable, Iterator

import pytest

from powerbank.outbox import relay
from scripts.simulation import Simulator, StationSpec, generate
from scripts.simulation.station import Pace
from tests.nursery import Nursery, Running
from tests.rentals.test_whole_stack import Renter
from tests.stations.network import Network, network

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no shared database: these tests have servers of their own."""


@pytest.fixture(scope="module")
def net(nursery: Nursery) -> Iterator[Network]:
    with network(nursery) as found:
        found.shipped_daemon()
        found.scheduler()
        found.wait(found.listening, "the daemon listens")
        quick = "INSERT INTO app_config (key, value, updated_by) VALUES ('eject_timeout_seconds', '5', 'test')"
        found.rows(f"{quick} RETURNING key")
        yield found


@pytest.fixture
def cabinet(net: Network, request: pytest.FixtureRequest) -> Iterator[tuple[Simulator, StationSpec]]:
    spec = generate(1, seed=len(request.node.name) * 1000 + 7).stations[0]
    net.register([spec])
    simulator = Simulator(net.broker.stations_url, [spec], pace=Pace(heartbeat=1.0, eject=0.05, reboot=0.2))
    simulator.start()
    seated = f"SELECT available_banks FROM station_live WHERE sn = '{spec.sn}'"
    net.wait(lambda: net.value(seated) == len(spec.serials), "all banks are seated")
    yield simulator, spec
    simulator.stop()


@pytest.fixture
def survived(net: Network, cabinet: tuple[Simulator, StationSpec]) -> Iterator[Callable[[str, str], "Rented"]]:
    """`survived("module:function", "before")`: a rental whose first worker is killed there; the next one goes on."""
    workers: list[Running] = []

    def through(address: str, when: str) -> Rented:
        mortal = net.start("mortal", address, when)
        workers.append(mortal)
        rented = Rented(net, *cabinet)
        assert mortal.wait(60) == -signal.SIGKILL, net.log("mortal")
        rented.when_killed = rented.person.rental(rented.id)["status"], rented.person.wallet()
        net.rows("DELETE FROM heartbeats WHERE kind = 'worker' RETURNING name")
        net.rows("UPDATE outbox_jobs SET lease_until = now() WHERE state = 'open' AND run_after <= now() RETURNING id")
        with net.app.app_context():
            relay.redeliver_stranded()
        workers.append(net.worker())
        return rented

    yield through
    for each in workers:
        each.kill()
        each.wait(10)


class Rented:
    def __init__(self, net: Network, simulator: Simulator, spec: StationSpec) -> None:
        self.net, self.simulator = net, simulator
        self.person = Renter(net)
        self.id = self.person.initiate(spec)
        self.when_killed = ("", ("", ""))

    def commands(self) -> list[str]:
        query = f"SELECT status FROM station_commands WHERE rental_id = '{self.id}' ORDER BY id"
        return [row[0] for row in self.net.rows(query)]

    def is_out_and_paid_once(self) -> None:
        out = self.person.until(self.id, "active", seconds=120)
        assert set(self.simulator.hands) == {out["powerbank_sn"]}
        assert self.person.wallet() == ("450.00", "0.00")
        taken = f"SELECT count(*) FROM wallet_transactions WHERE reference_id = '{self.id}' AND direction = 'out'"
        assert self.net.value(taken) == 1


Survived = Callable[[str, str], Rented]


def test_crash_between_hold_and_command(survived: Survived) -> None:
    rented = survived("powerbank.stations.commands.services:request_command", "before")
    assert rented.when_killed == ("pending", ("450.00", "50.00"))
    rented.is_out_and_paid_once()
    assert rented.commands() == ["succeeded"]


def test_crash_between_command_and_answer_before_it_went_out(survived: Survived) -> None:
    rented = survived("powerbank.integrations.mqtt.publisher:Publisher.send", "before")
    assert rented.when_killed == ("ejecting", ("450.00", "50.00"))
    rented.is_out_and_paid_once()
    assert rented.commands() == ["failed", "succeeded"], "a snapshot showed it still in, and it was tried once more"


def test_crash_between_command_and_answer_after_it_went_out(survived: Survived) -> None:
    rented = survived("powerbank.integrations.mqtt.publisher:Publisher.send", "after")
    rented.is_out_and_paid_once()
    assert rented.commands() == ["succeeded"]


def test_crash_between_answer_and_capture(survived: Survived) -> None:
    rented = survived("powerbank.rentals.charges.billing:capture_price", "before")
    assert rented.when_killed == ("ejecting", ("450.00", "50.00"))
    assert rented.commands() == ["succeeded"]
    rented.is_out_and_paid_once()
