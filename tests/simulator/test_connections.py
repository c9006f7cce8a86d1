"""Stations find their way back to the broker, each with its own credentials."""

import time
from pathlib import Path

import pytest

from powerbank.stations.protocols.events import Boot, Snapshot
from scripts.simulation import Simulator, generate
from scripts.simulation.specs import Credentials
from scripts.stack.ports import free_ports
from scripts.stack.servers.broker import EmbeddedBroker
from scripts.stack.servers.placement import temporary_data_folder
from tests.simulator.conftest import JSON, QUICK, VOLINKS, Run
from tests.simulator.server import Server


def test_a_broken_broker_is_waited_for() -> None:
    with temporary_data_folder() as folder:
        broker = EmbeddedBroker(folder, free_ports().broker, "0123456789abcdef")
        stations = generate(20, seed=3).stations + generate(20, protocol="volinks-v1", seed=4).stations
        broker.set_station_accounts([(spec.mqtt.username, spec.mqtt.password) for spec in stations])
        with Simulator(f"mqtt://127.0.0.1:{broker.port}", stations, pace=QUICK) as simulator:
            station = simulator.station(stations[0].imei)
            station.wait_for(lambda one: "refused" in one.state()["problem"])
            broker.start()
            simulator.wait_until_connected()
            broker.kill()
            simulator.wait_for(lambda: simulator.counts()["connected"] == 0)
            broker.start()
            simulator.wait_until_connected()
            assert station.boot_id == station.state()["boot_id"]
        broker.stop()


def test_a_station_with_a_wrong_password_stays_out(broker_url: str) -> None:
    wrong = JSON[11].model_copy(update={"mqtt": Credentials(username=JSON[11].imei, password="wrong")})
    with Simulator(broker_url, [wrong, VOLINKS[11]], pace=QUICK) as simulator:
        simulator.wait_for(lambda: "authorized" in simulator.station(wrong.imei).state()["problem"].lower())
        simulator.wait_for(lambda: simulator.station(VOLINKS[11].imei).is_up)
        assert simulator.counts()["connected"] == 1


def test_a_station_cannot_speak_for_another(run: Run, server: Server) -> None:
    one, other = JSON[10], JSON[11]
    station = run(one).station(one.imei)
    station.send(f"stations/{other.imei}/events", b'{"type": "boot"}')
    station.send(f"stations/{one.imei}/events", b'{"type": "boot"}')
    server.wait_for(one, Boot, count=2)
    assert server.all(other, Boot) == []


@pytest.mark.parametrize("away", ["drop", "reboot"])
def test_opening_an_open_connection_changes_nothing(run: Run, server: Server, away: str) -> None:
    """A network that comes back while the station reboots is one connection, not two that fight."""
    spec = JSON[10]
    station = run(spec).station(spec.imei)
    station.drop(seconds=0.6)
    if away == "reboot":
        station.reboot()
    else:
        station.drop(seconds=0.3)
    station.wait_for(lambda one: not one.is_up)
    station.wait_for(lambda one: one.is_up)
    greetings = len(station.traffic("up", "presence"))
    time.sleep(1)
    assert len(station.traffic("up", "presence")) == greetings
    assert station.is_up
    server.wait_for(spec, Snapshot)


def test_a_file_that_is_half_written_never_takes_the_place_of_a_whole_one(run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    simulator = run(JSON[10], keep_in=kept)
    simulator.station(JSON[10].imei).take_by_hand(1)
    simulator.stop()
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]
