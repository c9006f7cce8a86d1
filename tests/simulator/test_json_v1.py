"""A simulated station keeps the rules of `json-v1`, and breaks them when a fault is switched on."""

import time
from datetime import timedelta

import pytest

from powerbank.stations.protocols.commands import (
    Eject,
    GetStatus,
    LockSlot,
    Maintenance,
    Reboot,
    ResetSlot,
    UnlockSlot,
    UpdateFirmware,
)
from powerbank.stations.protocols.events import (
    Alarm,
    AlarmKind,
    Boot,
    CommandAnswer,
    Ejected,
    Heartbeat,
    Presence,
    Proof,
    Returned,
    ReturnFailed,
    Seen,
    Snapshot,
    Works,
)
from powerbank.stations.protocols.protocol import Undecodable
from scripts.simulation import StationSpec
from scripts.simulation.cabinet import Impossible
from tests.simulator.conftest import JSON, Run
from tests.simulator.server import Server


def eject(server: Server, spec: StationSpec, slot: int = 1, **more: float) -> Eject:
    return server.send(spec, Eject, serial=spec.serials[slot - 1], slot=slot, rental_id="r1", **more)


def answer(server: Server, spec: StationSpec, command: Eject) -> CommandAnswer:
    return server.wait_for(spec, CommandAnswer, where=lambda one: one.command_id == command.command_id)[0]


def test_a_station_boots_and_shows_its_slots(run: Run, server: Server) -> None:
    spec = JSON[0]
    station = run(spec).station(spec.imei)
    (boot,) = server.wait_for(spec, Boot)
    assert boot.order.boot_id == station.boot_id
    (snapshot,) = server.wait_for(spec, Snapshot)
    assert {slot.number: slot.serial for slot in snapshot.slots if slot.serial} == station.serials
    assert dict(enumerate(spec.serials, start=1)) == station.serials
    assert Presence(server.all(spec, Presence)[-1].order, True) in server.all(spec, Presence)


def test_an_eject_command_is_done_once_however_often_it_comes(run: Run, server: Server) -> None:
    spec = JSON[0]
    simulator = run(spec)
    command = eject(server, spec)
    first = answer(server, spec, command)
    assert (first.success, first.serial, first.slot) == (True, spec.serials[0], 1)
    assert server.wait_for(spec, Ejected)[0].serial == spec.serials[0]
    simulator.station(spec.imei).return_bank(spec.serials[0], 1)
    server.repeat(spec, command)
    both = server.wait_for(spec, CommandAnswer, where=lambda one: one.command_id == command.command_id, count=2)
    assert both[1].success
    assert simulator.station(spec.imei).serials[1] == spec.serials[0]


def test_a_command_that_is_late_or_none_is_dropped(run: Run, server: Server) -> None:
    spec = JSON[0]
    simulator = run(spec)
    for nonsense in (b"", b"{", b"[]", b'{"command_id": 1}', b'{"command_id": "x", "command": "eject_powerbank"}'):
        server.tell(f"stations/{spec.imei}/commands", nonsense)
    late, good = eject(server, spec, seconds=-1), eject(server, spec, slot=2)
    answer(server, spec, good)
    assert late.command_id not in {one.command_id for one in server.all(spec, CommandAnswer)}
    assert simulator.station(spec.imei).serials[1] == spec.serials[0]


def test_commands_wait_for_a_station_that_is_away_but_not_past_their_deadline(run: Run, server: Server) -> None:
    spec = JSON[1]
    station = run(spec).station(spec.imei)
    station.drop(seconds=1.5)
    server.wait_for(spec, Presence, where=lambda one: not one.online)
    late, good = eject(server, spec, seconds=0.2), eject(server, spec, slot=2)
    answer(server, spec, good)
    assert late.command_id not in {one.command_id for one in server.all(spec, CommandAnswer)}


@pytest.mark.parametrize(
    ("fault", "error", "proof", "bank_is_in"),
    [
        ("refuse", "refused", Proof.IN, True),
        ("stuck_slot", "slot_jammed", Proof.IN, True),
        ("false_success", None, Proof.OUT, True),
    ],
)
def test_answers_of_a_station_with_a_fault(
    run: Run, server: Server, fault: str, error: str | None, proof: Proof, bank_is_in: bool
) -> None:
    spec = JSON[2]
    station = run(spec).station(spec.imei)
    station.fault(fault, times=1)
    found = answer(server, spec, eject(server, spec))
    assert (found.error, found.proof) == (error, proof)
    assert (1 in station.serials) is bank_is_in
    # The slow answer was asked for once only.
    second = answer(server, spec, eject(server, spec, slot=2))
    assert second.success
    assert 2 not in station.serials


@pytest.mark.parametrize(("fault", "bank_is_in"), [("no_answer", True), ("silent_eject", False)])
def test_a_station_that_does_not_answer(run: Run, server: Server, fault: str, bank_is_in: bool) -> None:
    spec = JSON[3]
    station = run(spec).station(spec.imei)
    station.fault(fault, times=1)
    mute = eject(server, spec)
    answer(server, spec, eject(server, spec, slot=2))
    station.wait_for(lambda one: (1 in one.serials) is bank_is_in)
    assert mute.command_id not in {one.command_id for one in server.all(spec, CommandAnswer)}


@pytest.mark.parametrize("fault", ["slow_answer", "late_eject"])
def test_a_late_ejection_or_answer_comes_after_its_seconds(run: Run, server: Server, fault: str) -> None:
    spec = JSON[3]
    station = run(spec).station(spec.imei)
    station.fault(fault, times=1, seconds=1.0)
    out: list[float] = []
    station._station.dispense = lambda bank: out.append(time.monotonic())
    began = time.monotonic()
    command = eject(server, spec)
    assert answer(server, spec, command).success
    answered = time.monotonic()
    assert answered - began >= 1.0
    late = out[0] if fault == "late_eject" else answered
    assert late - began >= 1.0
    if fault == "slow_answer":
        assert answered - out[0] >= 1.0, "it ejects at once"


def test_a_bank_comes_back_anywhere(run: Run, server: Server) -> None:
    here, there = JSON[4], JSON[5]
    simulator = run(here, there)
    command = eject(server, here)
    assert answer(server, here, command).success
    assert simulator.station(there.imei).return_bank(command.serial) == 6
    (returned,) = server.wait_for(there, Returned)
    assert (returned.serial, returned.slot, returned.provisional) == (command.serial, 6, False)
    for slot, why in ((2, "Slot 2 is taken"), (9, "no slot 9")):
        with pytest.raises(Impossible, match=why):
            simulator.move(command.serial, here.imei, slot)
    assert simulator.station(there.imei).serials[6] == command.serial
    simulator.move(command.serial, here.imei, 1)
    assert server.wait_for(here, Returned)[0].serial == command.serial


def test_returns_that_are_repeated_lost_or_late(run: Run, server: Server) -> None:
    spec = JSON[4]
    station = run(spec).station(spec.imei)
    taken = [station.take_by_hand(slot) for slot in (1, 2, 3, 4)]
    station.fault("duplicate_return", times=1)
    station.return_bank(taken[0])
    first, second = server.wait_for(spec, Returned, count=2)
    assert (first.serial, first.event_id) == (taken[0], second.event_id)
    station.fault("lost_return", times=1)
    station.return_bank(taken[1], 2)
    server.wait_for(spec, Snapshot, where=lambda one: one.slots[1].serial == taken[1])
    station.fault("unreadable_return", times=1)
    station.return_bank(taken[2], 3)
    server.wait_for(spec, ReturnFailed)
    server.wait_for(spec, Snapshot, where=lambda one: one.slots[2].seen is Seen.UNREADABLE)
    station.fault("late_return", times=1, seconds=0.7)
    station.return_bank(taken[3], 4)
    server.wait_for(spec, Snapshot, where=lambda one: one.slots[3].serial == taken[3])
    server.wait_for(spec, Returned, where=lambda one: one.serial == taken[3])
    assert [one.serial for one in server.all(spec, Returned)] == [taken[0], taken[0], taken[3]]


def test_events_wait_for_the_network_with_their_old_times(run: Run, server: Server) -> None:
    spec = JSON[6]
    station = run(spec).station(spec.imei)
    serial = station.take_by_hand(1)
    station.drop(seconds=1.5)
    server.wait_for(spec, Presence, where=lambda one: not one.online)
    station.return_bank(serial, 1)
    (returned,) = server.wait_for(spec, Returned)
    assert returned.order.device_time is not None
    assert returned.order.received_at - returned.order.device_time > timedelta(seconds=0.5)
    server.wait_for(spec, Heartbeat, where=lambda one: one.order.position > returned.order.position)  # type: ignore[operator]


def test_a_station_carries_out_the_other_commands(run: Run, server: Server) -> None:
    spec = JSON[8]
    station = run(spec).station(spec.imei)
    station.fault("stuck_slot", times=1)
    jammed = answer(server, spec, eject(server, spec, slot=3))
    assert jammed.error == "slot_jammed"
    (alarm,) = server.wait_for(spec, Alarm)
    assert (alarm.kind, alarm.slot) == (AlarmKind.SLOT_FAULT, 3)
    server.wait_for(spec, Snapshot, where=lambda one: one.slots[2].works is Works.FAULTY)
    server.send(spec, ResetSlot, slot=3)
    server.send(spec, LockSlot, slot=6)
    server.wait_for(
        spec, Snapshot, where=lambda one: one.slots[2].works is Works.OK and one.slots[5].works is Works.LOCKED
    )
    server.send(spec, UnlockSlot, slot=6)
    server.send(spec, Maintenance, enable=True)
    server.wait_for(spec, Heartbeat, where=lambda one: one.maintenance)
    assert answer(server, spec, eject(server, spec)).error == "maintenance"
    server.send(spec, Maintenance, enable=False)
    unknown = server.send(spec, LockSlot, slot=200)
    (refused,) = server.wait_for(spec, CommandAnswer, where=lambda one: one.command_id == unknown.command_id)
    assert refused.error == "invalid_parameters"
    server.send(spec, UpdateFirmware, url="https://example.com/2", sha256="0" * 64, version="2.0.0")
    server.wait_for(spec, Heartbeat, where=lambda one: (one.hardware or {}).get("firmware") == "2.0.0")
    server.send(spec, Reboot)
    server.wait_for(spec, Boot, count=3)
    server.send(spec, GetStatus)
    assert server.all(spec, Undecodable) == []


def test_strange_banks_nonsense_alarms_and_floods(run: Run, server: Server) -> None:
    spec = JSON[9]
    simulator = run(spec)
    station = simulator.station(spec.imei)
    station.fault("unknown_serial", times=1)
    assert station.serials[6] not in spec.serials
    station.fault("full", times=1)
    assert len(station.serials) == spec.slots
    simulator.add_to_hands("PB-new")
    with pytest.raises(Impossible, match="full"):
        station.return_bank("PB-new")
    assert simulator.counts()["in_hands"] == 1
    for _ in range(8):
        station.fault("malformed", times=1)
    server.wait_for(spec, Undecodable, count=1)
    station.fault("overheat", times=1)
    station.fault("tamper", times=1)
    assert {one.kind for one in server.wait_for(spec, Alarm, count=2)} == {AlarmKind.OVERHEAT, AlarmKind.TAMPER}
    before = len(server.all(spec, Heartbeat))
    station.fault("flood", times=1, seconds=0.2)
    server.wait_for(spec, Heartbeat, count=before + 100)
