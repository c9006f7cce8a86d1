"""Fixtures: simulated stations at a real broker, and the server's side of the connection, without a database."""

from collections.abc import Callable, Iterator

import pytest

from scripts.simulation import Network, Simulator, StationSpec, generate
from scripts.simulation.station import Pace
from scripts.stack.ports import free_ports
from scripts.stack.servers.broker import EmbeddedBroker
from scripts.stack.servers.placement import temporary_data_folder
from tests.simulator.server import Server

QUICK = Pace(heartbeat=0.5, eject=0.05, reboot=0.1, speed=1.0)
JSON = generate(12, seed=1).stations
VOLINKS = generate(12, protocol="volinks-v1", seed=2).stations


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """These tests need none."""


@pytest.fixture(scope="session")
def broker() -> Iterator[EmbeddedBroker]:
    with temporary_data_folder() as folder:
        broker = EmbeddedBroker(folder, free_ports().broker, "0123456789abcdef")
        broker.set_station_accounts([(spec.mqtt.username, spec.mqtt.password) for spec in [*JSON, *VOLINKS]])
        broker.start()
        yield broker
        broker.stop()


@pytest.fixture
def server(broker: EmbeddedBroker) -> Iterator[Server]:
    with Server(broker.url) as server:
        yield server


@pytest.fixture
def broker_url(broker: EmbeddedBroker) -> str:
    return f"mqtt://127.0.0.1:{broker.port}"


Run = Callable[..., Simulator]


@pytest.fixture
def run(broker_url: str, server: Server) -> Iterator[Run]:
    """Start stations and wait until all are connected. Each test takes other stations, as sessions outlive a test."""
    started: list[Simulator] = []

    def starting(*stations: StationSpec, pace: Pace = QUICK, **more: object) -> Simulator:
        network = Network(stations=list(stations))
        simulator = Simulator(broker_url, network.stations, pace=pace, **more)  # type: ignore[arg-type]
        simulator.start()
        started.append(simulator)
        simulator.wait_until_connected()
        return simulator

    yield starting
    for simulator in started:
        simulator.stop()
