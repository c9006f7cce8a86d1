"""What a simulated station keeps over a reboot and over a run, and what it says when it is switched off."""

from datetime import timedelta
from pathlib import Path

from powerbank.stations.protocols.events import (
    Boot,
    Heartbeat,
    Presence,
)
from tests.simulator.conftest import JSON, Run
from tests.simulator.server import Server


def test_a_reboot_raises_the_boot_id_and_starts_the_sequence_anew(run: Run, server: Server) -> None:
    spec = JSON[6]
    station = run(spec).station(spec.imei)
    before = station.boot_id
    station.reboot()
    (boot,) = server.wait_for(spec, Boot, where=lambda one: one.order.boot_id != before)
    assert boot.order.boot_id == station.boot_id > before
    assert boot.order.seq is not None
    assert boot.order.seq <= 2


def test_the_boot_id_and_the_banks_outlive_the_program(run: Run, server: Server, tmp_path: Path) -> None:
    spec, kept = JSON[7], tmp_path / "kept.json"
    simulator = run(spec, keep_in=kept)
    first = simulator.station(spec.imei)
    taken, moved = first.take_by_hand(1), first.take_by_hand(2)
    first.return_bank(moved, 8)
    boot_id = first.boot_id
    simulator.stop()
    again = run(spec, keep_in=kept)
    station = again.station(spec.imei)
    assert station.boot_id > boot_id
    assert station.serials == {3: spec.serials[2], 4: spec.serials[3], 5: spec.serials[4], 8: moved}
    station.return_bank(taken)


def test_a_station_says_what_its_clock_says(run: Run, server: Server) -> None:
    spec = JSON[7]
    station = run(spec).station(spec.imei)
    station.fault("clock_skew", times=1, seconds=-2 * 86400)

    def is_old(beat: Heartbeat) -> bool:
        return beat.order.received_at - (beat.order.device_time or beat.order.received_at) > timedelta(days=1)

    server.wait_for(spec, Heartbeat, where=is_old)


def test_a_station_that_is_switched_off_says_so(run: Run, server: Server) -> None:
    spec = JSON[9]
    run(spec).stop()
    server.wait_for(spec, Presence, where=lambda one: not one.online)


def test_the_same_seed_fills_the_banks_alike(run: Run) -> None:
    def charges(seed: int) -> list[object]:
        simulator = run(JSON[10], seed=seed)
        found = [slot["bank"] for slot in simulator.station(JSON[10].imei).state()["slots"]]
        simulator.stop()
        return found

    assert charges(1) == charges(1) != charges(2)
