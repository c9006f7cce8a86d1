"""A simulated cabinet that speaks `volinks-v1`, with its habits."""

import json
import time

import pytest

from powerbank.stations.protocols.commands import Eject, GetStatus, Reboot
from powerbank.stations.protocols.events import (
    Ejected,
    EjectFailed,
    Heartbeat,
    Proof,
    Returned,
    ReturnSelfTest,
    Snapshot,
    Works,
)
from powerbank.stations.protocols.protocol import Undecodable
from scripts.simulation import StationSpec
from tests.simulator.conftest import VOLINKS, Run
from tests.simulator.server import Server


def eject(server: Server, spec: StationSpec, slot: int = 1, **more: object) -> None:
    server.send(spec, Eject, **{"serial": spec.serials[slot - 1], "slot": slot, **more})  # type: ignore[arg-type]


def test_a_cabinet_sends_heartbeats_and_shows_its_holes_when_asked(run: Run, server: Server) -> None:
    spec = VOLINKS[0]
    station = run(spec).station(spec.imei)
    (beat,) = server.wait_for(spec, Heartbeat)
    assert beat.hardware is not None
    assert 12 <= beat.hardware["signal"] <= 31  # type: ignore[operator]
    server.send(spec, GetStatus)
    snapshots = server.wait_for(spec, Snapshot, count=2)
    assert {slot.number: slot.serial for slot in snapshots[1].slots if slot.serial} == station.serials


def test_a_cabinet_ejects_by_serial_and_takes_back(run: Run, server: Server) -> None:
    here, there = VOLINKS[0], VOLINKS[1]
    simulator = run(here, there)
    eject(server, here, 2)
    assert server.wait_for(here, Ejected)[0].serial == here.serials[1]
    assert simulator.station(there.imei).return_bank(here.serials[1]) == 6
    (returned,) = server.wait_for(there, Returned)
    assert (returned.serial, returned.slot, returned.provisional) == (here.serials[1], 6, False)


def test_a_repeated_command_ejects_no_second_bank(run: Run, server: Server) -> None:
    spec = VOLINKS[2]
    station = run(spec).station(spec.imei)
    eject(server, spec)
    server.wait_for(spec, Ejected)
    eject(server, spec)
    (refusal,) = server.wait_for(spec, EjectFailed)
    assert (refusal.reason, refusal.proof) == ("serial_not_found", Proof.NONE)
    station.return_bank(spec.serials[0])
    eject(server, spec)
    server.wait_for(spec, Ejected, count=2)


@pytest.mark.parametrize(
    ("fault", "reason", "proof"),
    [("refuse", "not_ejected", Proof.IN), ("stuck_slot", "not_ejected", Proof.IN)],
)
def test_a_refused_ejection_names_its_reason(run: Run, server: Server, fault: str, reason: str, proof: Proof) -> None:
    spec = VOLINKS[3]
    station = run(spec).station(spec.imei)
    station.fault(fault, times=1)
    eject(server, spec)
    (found,) = server.wait_for(spec, EjectFailed)
    assert (found.serial, found.reason, found.proof) == (spec.serials[0], reason, proof)
    server.send(spec, GetStatus)
    shown = server.wait_for(spec, Snapshot, count=2)[1].slots[0]
    assert shown.serial == spec.serials[0]
    assert (shown.works is Works.FAULTY) == (fault == "stuck_slot")


def test_a_late_command_is_refused_unless_the_firmware_does_not_care(run: Run, server: Server) -> None:
    spec = VOLINKS[4]
    station = run(spec).station(spec.imei)
    station.fault("clock_skew", times=1, seconds=3600)
    eject(server, spec)
    assert server.wait_for(spec, EjectFailed)[0].reason == "ttl_exceeded"
    assert 1 in station.serials
    station.fault("late_eject", times=1, seconds=0.3)
    eject(server, spec)
    server.wait_for(spec, Ejected)


def test_a_cabinet_ejects_one_bank_at_a_time(run: Run, server: Server) -> None:
    spec = VOLINKS[4]
    station = run(spec).station(spec.imei)
    station.fault("late_eject", times=1, seconds=1)
    eject(server, spec)
    eject(server, spec, 2)
    (busy,) = server.wait_for(spec, EjectFailed)
    assert (busy.serial, busy.reason) == (spec.serials[1], "previous_rental_not_finished")
    assert server.wait_for(spec, Ejected)[0].serial == spec.serials[0]


@pytest.mark.parametrize(("fault", "bank_is_in"), [("no_answer", True), ("silent_eject", False)])
def test_a_cabinet_that_does_not_answer(run: Run, server: Server, fault: str, bank_is_in: bool) -> None:
    spec = VOLINKS[5]
    station = run(spec).station(spec.imei)
    station.fault(fault, times=1)
    eject(server, spec)
    station.wait_for(lambda one: one.traffic("down"))
    station.wait_for(lambda one: (1 in one.serials) is bank_is_in)
    time.sleep(0.2)
    assert server.all(spec, Ejected) == server.all(spec, EjectFailed) == []


@pytest.mark.parametrize(("fault", "passes"), [("provisional_return", True), ("failed_self_test", False)])
def test_a_provisional_return_is_settled_by_a_self_test(run: Run, server: Server, fault: str, passes: bool) -> None:
    spec = VOLINKS[6]
    station = run(spec).station(spec.imei)
    serial = station.take_by_hand(1)
    station.fault(fault, times=1, seconds=0.3)
    station.return_bank(serial, 1)
    assert server.wait_for(spec, Returned)[0].provisional
    (test,) = server.wait_for(spec, ReturnSelfTest)
    assert (test.serial, test.slot, test.passed) == (serial, 1, passes)


def test_the_station_sends_nonsense_and_repeated_returns(run: Run, server: Server) -> None:
    spec = VOLINKS[7]
    station = run(spec).station(spec.imei)
    for _ in range(8):
        station.fault("malformed", times=1)
    server.wait_for(spec, Undecodable, count=1)
    serial = station.take_by_hand(1)
    station.fault("duplicate_return", times=1)
    station.return_bank(serial)
    first, second = server.wait_for(spec, Returned, count=2)
    assert (first.serial, first.slot) == (second.serial, second.slot)


def test_frames_wait_for_the_network_and_a_reboot_shows_all_holes(run: Run, server: Server) -> None:
    spec = VOLINKS[8]
    station = run(spec).station(spec.imei)
    serial = station.take_by_hand(1)
    station.drop(seconds=0.5)
    station.wait_for(lambda one: not one.is_up)
    station.return_bank(serial)
    server.wait_for(spec, Returned)
    before = len(server.all(spec, Snapshot))
    server.send(spec, Reboot)
    server.wait_for(spec, Snapshot, count=before + 1)


def test_a_station_understands_the_other_commands_of_its_protocol(run: Run, server: Server) -> None:
    spec = VOLINKS[9]
    station = run(spec).station(spec.imei)
    down = f"/powerbank/{spec.imei}/user/get"
    for words in ({"cmd": "popup", "data": "3", "io": "0"}, {"cmd": "load_ad"}, {"cmd": "upload_all"}):
        server.tell(down, json.dumps(words).encode())
    assert server.wait_for(spec, Ejected)[0].slot == 3
    assert 3 not in station.serials
    server.wait_for(spec, Snapshot, count=2)
    for nonsense in (b'{"cmd": "dance"}', b"[]", b'{"cmd": "popup_sn"}', b'{"cmd": "popup", "data": "x"}'):
        server.tell(down, nonsense)
    first, second, *_ = server.wait_for(spec, EjectFailed, count=4)
    assert first.reason == second.reason == "not_parsed"
